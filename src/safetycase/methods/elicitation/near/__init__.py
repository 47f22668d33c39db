"""Search for bad inputs that lie near clean ones and look like them."""
