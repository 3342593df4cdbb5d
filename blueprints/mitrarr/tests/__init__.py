"""MITRARR's programs, without Esteira: `python3 -m unittest` in this blueprint's folder runs them."""
