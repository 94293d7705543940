"""Hold the zero-setup home: everything outside the daemon, simulated; also the tests' doubles."""
