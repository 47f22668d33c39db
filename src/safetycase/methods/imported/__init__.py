"""Evidence made elsewhere: results of other tools, read strictly, known at best as reported."""
