"""keepcool's shell: time, threads, disk and the command line around the pure policies."""
