"""The data product for researchers: which files a version has, what they are called, what is said of them.

It knows neither Dagster nor the database: rows come to it in pieces (`making.Source`), and files go to a store of the
archive. What a deal is stands in `deals`, how the tables are read in `database/reading/dataset.py`.
"""
