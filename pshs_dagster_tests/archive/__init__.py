"""The archive in a folder and in S3: the same laws for both."""
