"""What the tests and the demo share: the embedded AWS, the stack on it, and Twilio's part."""
