"""Well-formedness and review rules: one rule, one function, one code."""
