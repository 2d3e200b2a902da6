"""What the recording of the API is made with: a furnished shop, scripts of requests, and how answers compare."""
