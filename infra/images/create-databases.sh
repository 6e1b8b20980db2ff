#!/bin/sh
# Runs once, when PostgreSQL starts on an empty volume: one database per domain, owned by one role.
set -eu

for domain in auth catalog file reading payment recommendation gamification publication community notification admin; do
    createdb --username "$POSTGRES_USER" --owner "$POSTGRES_USER" "coko_$domain"
done
