# Writes relations of a DuckDB database as Parquet: tables.py DATABASE FOLDER, where FOLDER holds the list wanted.json.
# Types that Parquet has no place for go as text; what they are is told in tables.json.
import json
import os
import re
import sys

import duckdb

LOSSY = re.compile(r"\b(U?HUGEINT|BIT|INTERVAL|ENUM|UNION|BIGNUM|VARINT|VARIANT|GEOMETRY|TIME WITH TIME ZONE|TIME_NS)\b")


def ident(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def export(con, folder, one):
    relation = ident(one["schema"]) + "." + ident(one["name"])
    columns = [(c[0], c[1]) for c in con.execute("describe select * from " + relation).fetchall()]
    parts = []
    for name, kind in columns:
        bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", kind)
        parts.append(f"cast({ident(name)} as varchar) as {ident(name)}" if LOSSY.search(bare) else ident(name))
    target = os.path.join(folder, one["file"])
    con.execute(f"copy (select {', '.join(parts)} from {relation}) to {literal(target)} (format parquet)")
    return [{"name": name, "type": kind} for name, kind in columns]


def main(database, folder):
    con = duckdb.connect(database, read_only=True)
    con.execute("set enable_progress_bar = false")
    made = {}
    with open(os.path.join(folder, "wanted.json"), encoding="utf-8") as f:
        wanted = json.load(f)
    for one in wanted:
        try:
            made[one["file"]] = {"columns": export(con, folder, one)}
        except duckdb.Error as e:
            made[one["file"]] = {"error": str(e)}
    with open(os.path.join(folder, "tables.json"), "w", encoding="utf-8") as f:
        json.dump({"duckdb": duckdb.__version__, "tables": made}, f)


main(*sys.argv[1:])
