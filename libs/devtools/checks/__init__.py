"""What `./dev lint` checks, a module for each kind."""
