"""Tests of the package; the folders mirror those of `pshs_dagster`."""
