"""Tests of the offline stand-in for the ministry's site."""
