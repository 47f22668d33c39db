"""Control evaluations: honest and attack data, a trusted monitor, an audit budget."""
