"""Package metadata. Versions that were tested together are pinned in `constraints.txt`."""

from setuptools import find_packages, setup

setup(
    name="pshs_dagster",
    version="0.1.0",
    description="Taiwan's registered prices of pre-sale houses (預售屋實價登錄), as Dagster assets",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["pshs_dagster", "pshs_dagster.*"]),
    package_data={
        "pshs_dagster": ["py.typed", "**/*.sql", "**/*.mako", "**/*.html", "**/*.css", "**/*.js", "**/words.json"]
    },
    install_requires=[
        "dagster",  # assets, checks, partitions, schedule, sensor
        "dagster-webserver",  # the web page with the lineage
        "dagster-aws",  # S3Resource, the archive's credentials and endpoint
        "dagster-pandas",  # types the parsed frame
        "pandas>=2.2,<3",  # frames; dagster-pandas does not take pandas 3 yet
        "pyarrow",  # splits and searches text by columns, much faster than object strings
        "sqlalchemy>=2.0",  # tables and statements for SQLite and MySQL alike
        "alembic",  # migrations
        "pymysql",  # MySQL driver without a compiler
        "cryptography",  # PyMySQL needs it for MySQL 8's default authentication
        "requests",  # HTTP
        "beautifulsoup4",  # reads MOI's pages, which are no tidy HTML
        "pydantic-settings",  # settings from the environment and .env, typed
        "filelock",  # two first commands at once make one Dagster instance
        "click",  # commands
        "rich",  # progress bars and tables in the terminal
        "numpy",  # dates and the made-up deals of the sandbox
        "openpyxl",  # workbooks for people
        "defusedxml",  # openpyxl parses safely with it
        "apprise",  # tells people, through any of a hundred services
        "tzdata",  # Asia/Taipei where the system has no zone files
    ],
    extras_require={
        "server": [
            "dagster-mysql",  # Dagster's own tables in MySQL; on one's own machine they are files
        ],
        "dev": [
            "dagster-mysql",  # as on a server
            "pyyaml",  # reads compose.yml
            "websockets",  # talks to the page as a browser does
            "pytest",
            "pytest-xdist",  # both cores
            "pytest-timeout",  # a hung server fails one test, not the whole run
            "hypothesis",  # laws over made-up input
            "duckdb",  # runs the same SQL over Parquet
            "frictionless[parquet]",  # validates the data package
            "moto[s3,server]",  # S3 over HTTP
            "playwright",  # drives the installed Chromium
            "ruff",
            "pyright[nodejs]",
            "pandas-stubs<3",
            "types-requests",
            "boto3-stubs[s3]",
        ],
    },
    entry_points={"console_scripts": ["pshs=pshs_dagster.cli:main"]},
)
