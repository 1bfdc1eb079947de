"""Faults that strike while everything runs: what is told, and what the installation is like when they are over."""
