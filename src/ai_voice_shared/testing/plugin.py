"""The pytest plugin: installed with the package, it gives every service's tests the same fixtures."""
