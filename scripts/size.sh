#!/bin/sh
# Counts the source's lines, and what differs from an earlier commit:
#   sh scripts/size.sh [COMMIT]
# Source is plugin, operators, panels and scripts without built bundles. Generated files and the
# tests that live beside the TypeScript have lines of their own and are not part of the total.
set -eu
cd "$(dirname "$0")/.."
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT

# "LINES PATH" of every file of source below the current folder; paths come from standard input.
lines() {
    grep -E '^(plugin|operators|panels|scripts)/.*\.(py|sh|ts|tsx|css|j2|yaml|mjs)$' |
        grep -vE '/(dist|node_modules|build)/' |
        while IFS= read -r path; do
            [ ! -f "$path" ] || echo "$(wc -l <"$path") $path"
        done
}

# "LINES ROOM", where a room is a top folder, "generated" or "tests beside the sources".
rooms() {
    awk '{ room = substr($2, 1, index($2, "/") - 1) }
        $2 ~ /\.gen\.ts$/ { room = "generated" }
        $2 ~ /\.test\.tsx?$/ { room = "tests" }
        { sum[room] += $1 }
        END { for (room in sum) print sum[room], room }'
}

git ls-files --cached --others --exclude-standard | sort -u | lines >"$there/now"
if [ $# -gt 0 ]; then
    mkdir "$there/tree"
    git archive "$1" | tar -x -C "$there/tree"
    (cd "$there/tree" && find . -type f | sed 's|^\./||' | lines) >"$there/before"
    rooms <"$there/before" >"$there/rooms_before"
fi
rooms <"$there/now" >"$there/rooms_now"

awk -v commit="${1:-}" -v before="$there/rooms_before" '
    function row(name, now, then) {
        if (commit == "") printf "%-12s %8d\n", name, now
        else printf "%-12s %8d %10d %+8d\n", name, now, then, now - then
    }
    BEGIN { if (commit != "") while ((getline line < before) > 0) { split(line, f, " "); old[f[2]] = f[1] } }
    { new[$2] = $1 }
    END {
        printf commit == "" ? "%-12s %8s\n" : "%-12s %8s %10.10s %8s\n", "lines", "now", commit, "change"
        count = split("plugin operators panels scripts", tops, " ")
        for (i = 1; i <= count; i++) {
            row(tops[i], new[tops[i]], old[tops[i]])
            total += new[tops[i]]; total_then += old[tops[i]]
        }
        row("total", total, total_then)
        row("generated", new["generated"], old["generated"])
        row("tests", new["tests"], old["tests"])
    }' "$there/rooms_now"

echo
echo "folder, its modules and its largest (! over 12 modules or over 400 lines)"
awk '$2 !~ /\.(gen|test)\.tsx?$/ {
        folder = $2; sub("/[^/]*$", "", folder)
        if ($2 !~ /__init__\.py$/) modules[folder]++
        if ($1 >= most[folder]) { most[folder] = $1; largest[folder] = substr($2, length(folder) + 2) }
        if ($1 > 400) long = long sprintf("! %5d  %s\n", $1, $2)
    }
    END {
        for (folder in most) {
            sign = (modules[folder] > 12 || most[folder] > 400) ? "!" : " "
            printf("%s %-44s %3d %5d  %s\n", sign, folder,
                modules[folder], most[folder], largest[folder]) | "sort -k1.3"
        }
        close("sort -k1.3")
        printf "\nfiles over 400 lines\n%s", long == "" ? "none\n" : long
    }' "$there/now"
