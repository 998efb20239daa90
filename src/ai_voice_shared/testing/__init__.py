"""What the services' own tests need."""
