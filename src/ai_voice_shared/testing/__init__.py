"""Fakes and fixtures for the tests of services."""
