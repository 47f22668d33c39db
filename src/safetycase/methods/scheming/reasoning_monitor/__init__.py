"""What a monitor of reasoning catches of organisms it was not made on."""
