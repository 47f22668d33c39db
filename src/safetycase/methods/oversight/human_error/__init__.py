"""What wrong human answers do to answers that are put together from many of them."""
