@echo off
ver > version.txt
for %%a in (alloc alloc_args copy free lock protect query watch wild) do (
    echo %%a
    %%a.exe > %%a.tap
)
findstr /b /c:"not ok" *.tap
