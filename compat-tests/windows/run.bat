@echo off
ver > version.txt
for %%a in (alloc alloc_args badptr copy fault free guard lock protect query stack vectored watch wild) do (
    echo %%a
    %%a.exe > %%a.tap
)
findstr /b /c:"not ok" *.tap
