"""The test suite, arranged like the packages that it tests."""
