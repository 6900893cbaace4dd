"""How each class of weakness looks, in several ways, each beside the same thing done right."""
