#!/usr/bin/env bash
# An empty request through the gateway beside nginx with the same bytes, by turns in the same run.
#     gateway_bench.sh PATH/TO/gateway_bench [seconds]
# Needs wrk, nginx and python3. Prints requests/s of each and the gateway's share of nginx.
set -euo pipefail
program=$1
seconds=${2:-4}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

python3 - "$work/body.json" <<'PYTHON'
import json, sys
server = {"id": "0" * 36, "name": "server", "links": [{"rel": "self", "href": "http://cloud.example/compute/v2.1/servers"}]}
text = json.dumps({"servers": [server] * 7})[:1200]
open(sys.argv[1], "w").write(text.ljust(1200))
PYTHON

nginx_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/nginx.conf" <<CONF
worker_processes 2;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 256; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c; uwsgi_temp_path $work/d; scgi_temp_path $work/e;
    server {
        listen 127.0.0.1:$nginx_port;
        location = / { default_type application/json; return 200 '$(cat "$work/body.json")'; }
    }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" -g 'daemon off;' &

mkfifo "$work/input"
exec 3<>"$work/input"
"$program" "$work/body.json" <"$work/input" >"$work/port" 3>&- &
gateway_port=
for _ in $(seq 200); do
    read -r gateway_port <"$work/port" && curl -sf "http://127.0.0.1:$nginx_port/" -o "$work/nginx.body" && break
    read -rt 0.05 _ <&3 || true
done
curl -sf "http://127.0.0.1:$gateway_port/" -o "$work/gateway.body"
cmp "$work/nginx.body" "$work/gateway.body"

rate() { wrk -t2 -c8 -d"$1" "$2" | awk '/^Requests\/sec/ {print int($2)}'; }
rate 1 "http://127.0.0.1:$nginx_port/" >/dev/null
rate 1 "http://127.0.0.1:$gateway_port/" >/dev/null
for turn in 1 2; do
    nginx=$(rate "$seconds" "http://127.0.0.1:$nginx_port/")
    inline=$(rate "$seconds" "http://127.0.0.1:$gateway_port/")
    pool=$(rate "$seconds" "http://127.0.0.1:$gateway_port/pool")
    awk -v t="$turn" -v n="$nginx" -v i="$inline" -v p="$pool" 'BEGIN {
        printf "turn %d: nginx %d/s, gateway inline %d/s (%.2f of nginx), through the pool %d/s (%.2f)\n", t, n, i, i / n, p, p / n }'
done
