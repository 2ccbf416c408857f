"""What a forensic reader asks of a data set: what it holds, what is double, and what gives the classes away."""
