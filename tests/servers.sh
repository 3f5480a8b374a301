#!/bin/sh
# Installs the real servers, the browser and the software renderer that tests use, where apt-get may be used, and says
# plainly what is missing and what is therefore skipped. Never fails: the tests themselves skip.
set -u

missing=""
want() { # package, a file it brings, what is skipped without it
    for file in $2; do
        [ -e "$file" ] && return
    done
    missing="$missing $1"
}
look() {
    missing=""
    want nginx "/usr/sbin/nginx"
    want libnginx-mod-rtmp "/usr/lib/nginx/modules/ngx_rtmp_module.so"
    want chromium "/usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome"
    want libegl1 "/usr/lib/*/libEGL.so.1"
    want libgl1 "/usr/lib/*/libGL.so.1"
    want libegl-mesa0 "/usr/lib/*/libEGL_mesa.so.0"
    want libgl1-mesa-dri "/usr/lib/*/dri/swrast_dri.so"
    want postgresql "/usr/lib/postgresql/*/bin/initdb"
}

look
[ -z "$missing" ] && exit 0

root=""
if [ "$(id -u)" -ne 0 ]; then
    root="sudo -n"
    sudo -n true 2>/dev/null || root="none"
fi
if command -v apt-get >/dev/null && [ "$root" != "none" ]; then
    echo "installing for the tests:$missing"
    # RUNLEVEL=1 keeps Debian from starting the servers: the tests start their own
    log=$(mktemp)
    # shellcheck disable=SC2086
    { $root apt-get update && $root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 || tail -n 5 "$log"
    rm -f "$log"
    look
fi
for package in $missing; do
    case $package in
    nginx | libnginx-mod-rtmp) tests="tests against a real RTMP server" ;;
    libegl* | libgl*) tests="tests of the rendered presenters" ;;
    chromium) tests="tests of the console in a real browser" ;;
    *) tests="tests of the store on a real PostgreSQL" ;;
    esac
    echo "NOT INSTALLED: $package; skipped therefore: $tests (apt-get install $package)"
done
exit 0
