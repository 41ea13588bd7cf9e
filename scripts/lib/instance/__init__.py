"""A private instance of ordermux under one directory.

scripts/stack and scripts/galera are the command lines above this package.
Tests import "ini" from it and nothing else: what they must know about an
instance, "scripts/stack env" prints.
"""
