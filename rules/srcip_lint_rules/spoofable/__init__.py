"""Rules about forged addresses: which one may a client choose?"""
