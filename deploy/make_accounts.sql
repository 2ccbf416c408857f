-- Beside the store, so that a copy of the store takes no password along. PostgreSQL runs this once, on its empty volume.
CREATE DATABASE accounts;
