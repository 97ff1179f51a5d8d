@echo off
ver > version.txt
for %%a in (
    alloc alloc2 alloc_args badptr copy fault free guard layout lock placeholder placeholder_split
    placeholder_view pool_alloc pool_check pool_lookaside pool_probe pool_quota pool_special
    pool_tags protect query section_create section_flags section_image section_map section_names
    section_rights section_view stack sysinfo vectored view_copy view_extended view_file
    view_protect view_unmap watch wild wow64 ws_awe ws_counters ws_hints ws_large
    ws_query ws_size ws_status zerobits
) do (
    echo %%a
    %%a.exe > %%a.tap
)
findstr /b /c:"not ok" *.tap
