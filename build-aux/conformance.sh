#!/usr/bin/env bash
# conformance.sh: runs the conformance programs of the build folder and writes
#   compat-tests/expected/{sysv,ms,fallback,wine,wine32,wine32laa}.tsv
#                                      id, result (ok fail todo skip), reason
#   compat-tests/expected/layouts.tsv  the same with the way in front, for what is not as in sysv.tsv
#   docs/CONFORMANCE.md                one line for each case
# into the source folder; in a build for i386 only compat-tests/expected/i386.tsv, the native run
# there. `make conformance` calls it with the environment of the tests.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
tests=$abs_top_builddir/compat-tests
expected=$abs_top_srcdir/compat-tests/expected
page=$abs_top_srcdir/docs/CONFORMANCE.md
areas="alloc alloc2 alloc_args badptr copy fault free guard layout lock placeholder placeholder_split
    placeholder_view pool_alloc pool_check pool_lookaside pool_probe pool_quota pool_special
    pool_tags protect query section_create section_flags section_image section_map section_names
    section_rights section_view stack sysinfo vectored view_copy view_extended view_file
    view_protect view_unmap watch wild wow64 ws_awe ws_counters ws_hints ws_large
    ws_query ws_size ws_status zerobits"

layouts="wow64=2g wow64=3g wow64=2560 wow64=4g layout=2g layout=8t"
spaces="based=4096 based=2048"
export LC_ALL=C

# TAP to the three columns.
results() {
    tr -d '\r' | awk '
        !/^(not )?ok / { next }
        {
            result = /^ok/ ? "ok" : "fail"; reason = ""
            if (match($0, / # (TODO|SKIP) /)) {
                result = tolower(substr($0, RSTART + 3, 4))
                reason = substr($0, RSTART + RLENGTH)
            }
            if (match($0, /[A-Z][A-Z0-9]*-[0-9]+/))
                print substr($0, RSTART, RLENGTH) "\t" result "\t" reason
        }' | sort
}

# differences WAY: of the three columns, with the way in front, those that are not in sysv.tsv.
differences() {
    comm -13 "$expected/sysv.tsv" - | sed "s/^/$1\t/"
}

other_layouts() {
    for way in $layouts; do
        bash "$abs_top_srcdir/compat-tests/conformance_layouts.sh" "$way" | results |
            differences "$way"
    done
    for way in $spaces; do
        bash "$abs_top_srcdir/compat-tests/conformance_based.sh" "${way#based=}" | results |
            differences "$way"
    done
}

list_cases() {
    for area in $areas; do
        "$tests/sysv/$area" -l
    done | sort
}

run_wine() {
    for area in $areas; do
        sh "$abs_top_srcdir/build-aux/wine-run" "$tests/pe/$area.exe"
    done
}

if [ "${WVM_OTHER_ABI:-ms}" = cdecl ]; then
    bash "$abs_top_srcdir/compat-tests/conformance_sysv.sh" | results >"$expected/i386.tsv"
    exit
fi
bash "$abs_top_srcdir/compat-tests/conformance_sysv.sh" | results >"$expected/sysv.tsv"
bash "$abs_top_srcdir/compat-tests/conformance_fallback.sh" | results >"$expected/fallback.tsv"
other_layouts >"$expected/layouts.tsv"
if [ -x "$tests/ms/alloc" ]; then
    bash "$abs_top_srcdir/compat-tests/conformance_ms.sh" | results >"$expected/ms.tsv"
fi
wine=Wine
if [ -n "${WVM_WINE:-}" ] && [ -f "$tests/pe/alloc.exe" ]; then
    run_wine | results >"$expected/wine.tsv"
    wine=$("$WVM_WINE" --version | sed 's/^wine-\([0-9]*\.[0-9]*\).*/Wine \1/')
fi
for way in pe32 pe32laa; do
    result=$(bash "$abs_top_srcdir/compat-tests/conformance_pe32.sh" "$way" | results)
    [ -z "$result" ] || echo "$result" >"$expected/wine${way#pe}.tsv"
done

list_cases | awk -F '\t' -v expected="$expected" -v wine="$wine" \
    -v ways="$layouts $spaces" '
    function load(name, file, line, part) {
        file = expected "/" name ".tsv"
        while ((getline line <file) > 0) {
            split(line, part, "\t")
            result[name, part[1]] = part[2]
            reason[name, part[1]] = part[3]
            if (name != "not-covered") count[name, part[2]]++
            else { absent[++absences] = part[1]; why[part[1]] = part[2] }
        }
        close(file)
    }
    # Results of the ways are those of sysv but for what the file names.
    function load_ways(file, line, part, i) {
        n_ways = split(ways, way, " ")
        for (i = 1; i <= n_ways; i++) count[way[i], "ok"] = count["sysv", "ok"]
        for (i = 1; i <= n_ways; i++) count[way[i], "skip"] = count["sysv", "skip"]
        file = expected "/layouts.tsv"
        while ((getline line <file) > 0) {
            split(line, part, "\t")
            result[part[1], part[2]] = part[3]
            reason[part[1], part[2]] = part[4]
            count[part[1], result["sysv", part[2]]]--
            count[part[1], part[3]]++
        }
        close(file)
    }
    function of_way(name, id) {
        return (name, id) in result ? result[name, id] : result["sysv", id]
    }
    function cell(text) { gsub(/\|/, "\\|", text); return text }
    function ours(id, n, i, names, shown, text) {
        n = split("sysv ms fallback", names, " ")
        for (i = 1; i <= n; i++) {
            if (result[names[i], id] == "ok" || result[names[i], id] == "") continue
            if (result[names[i], id] == "skip") { text = "not run: " reason[names[i], id]; continue }
            shown = shown (shown ? ", " : "differs: ") names[i]
        }
        return shown ? shown : text ? text : "same"
    }
    # What the ways whose names match the pattern have in common.
    function of_ways(pattern, id, i, run, failed, why) {
        for (i = 1; i <= n_ways; i++) {
            if (way[i] !~ pattern) continue
            if (of_way(way[i], id) == "ok") run = 1
            else if (of_way(way[i], id) != "skip") failed = failed (failed ? ", " : "") way[i]
            else why = (way[i], id) in reason ? reason[way[i], id] : reason["sysv", id]
        }
        return failed ? "differs: " failed : run ? "same" : "not run: " why
    }
    function theirs(name, id) {
        if (result[name, id] == "ok") return "same"
        if (result[name, id] == "skip") return "not run: " reason[name, id]
        if (result[name, id] == "todo") return substr(reason[name, id], 7)
        return result[name, id] == "fail" ? "differs" : "not run"
    }
    # 32-bit programs of 2 GB, and what those of 4 GB add.
    function theirs32(id, two, four) {
        two = theirs("wine32", id)
        four = theirs("wine32laa", id)
        return four == "not run" || four == two || four ~ /^not run: / ? two : \
            two ~ /^not run: / ? four : two "; 4 GB: " four
    }
    BEGIN {
        load("sysv"); load("ms"); load("fallback"); load("i386"); load("wine"); load("wine32")
        load("wine32laa"); load("not-covered"); load_ways()
        print "# Conformance\n"
        print "Generated by `make conformance`; do not edit. Each case is a check of `compat-tests/cases`"
        print "against the answer of Windows, run against winvm built with its own headers (sysv), with"
        print "the headers of Wine (ms), with the newer facilities of the kernel switched off (fallback),"
        print "and as Windows programs of 64 and 32 bits under " wine ". Low layouts are those of 32-bit"
        print "programs in a 64-bit process (option `wow64`) and of older 64-bit programs (option `layout`);"
        print "spaces are based spaces (winvm_space_create); i386 is the native 32-bit build.\n"
        print "| Run | ok | differs | not run |\n|---|---|---|---|"
        print "| winvm, sysv | " totals("sysv") "\n| winvm, ms | " totals("ms")
        print "| winvm, fallback | " totals("fallback")
        for (i = 1; i <= n_ways; i++) print "| winvm, " way[i] " | " totals(way[i])
        print "| winvm, i386 | " totals("i386") "\n| " wine " | " totals("wine")
        print "| " wine ", 32-bit | " totals("wine32")
        print "| " wine ", 32-bit, large-address-aware | " totals("wine32laa") "\n"
        print "| Case | What | Windows | " wine " | " wine ", 32-bit | winvm | low layouts | spaces | i386 |"
        print "|---|---|---|---|---|---|---|---|---|"
    }
    function totals(name) {
        return count[name, "ok"] + 0 " | " count[name, "fail"] + count[name, "todo"] + 0 " | " \
            count[name, "skip"] + 0 " |"
    }
    {
        print "| " $1 " | " cell($2) " | " cell($3) " | " cell(theirs("wine", $1)) " | " \
            cell(theirs32($1)) " | " ours($1) " | " cell(of_ways("^(wow64|layout)=", $1)) " | " \
            cell(of_ways("^based=", $1)) " | " cell(theirs("i386", $1)) " |"
    }
    END {
        print "\n## Cases without a check\n\n| Case | Why |\n|---|---|"
        for (i = 1; i <= absences; i++) print "| " absent[i] " | " cell(why[absent[i]]) " |"
    }' >"$page"
