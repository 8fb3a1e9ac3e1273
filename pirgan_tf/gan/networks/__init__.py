"""Families of generator and discriminator, one file each; `families.py` names them."""
