"""Tokens, one server, lists of servers."""

import json

from bench_cloud import COMPUTE, running
from limits import Nginx
from measure import wrk
from rows import measures


def beside_nginx(bench, name, cloud, path, headers, connections=8):
    """Requests a second, and those of nginx with the same bytes: by turns, for the machine's pace changes."""
    status, body = cloud_bytes(cloud, path, headers)
    assert status == 200, (status, body)
    ours, theirs = [], []
    with Nginx(body) as nginx:
        for url in (cloud.url + path, nginx.url):
            wrk(url, connections, 1, headers)
        for _ in range(bench.turns):
            ours.append(wrk(cloud.url + path, connections, bench.seconds, headers).rate)
            theirs.append(wrk(nginx.url, connections, bench.seconds).rate)
    bench.report(name, max(ours), limit=max(theirs), bare=f"nginx, {len(body)} bytes")


def cloud_bytes(cloud, path, headers):
    with cloud.line(headers) as line:
        return line.ask("GET", path)


@measures("token_validation", "token_by_token")
def tokens(bench):
    with running(furnished=False) as cloud:
        subject = cloud.issue_token()
        beside_nginx(bench, "token_validation", cloud, "/identity/v3/auth/tokens", cloud.headers | {"X-Subject-Token": subject})
        project = cloud.call("GET", "/identity/v3/auth/tokens", headers={"X-Subject-Token": subject})["token"]["project"]["id"]
        body = json.dumps({"auth": {"identity": {"methods": ["token"], "token": {"id": subject}},
                                    "scope": {"project": {"id": project}}}})
        load = wrk(f"{cloud.url}/identity/v3/auth/tokens", 8, bench.seconds, {"Content-Type": "application/json"},
                   f"wrk.method = 'POST'\nwrk.body = [==[{body}]==]")
        bench.report("token_by_token", load.rate)


@measures("show_server", "list_200_servers", "list_1000_servers")
def servers(bench):
    with running() as cloud, cloud.line() as line:
        for name, wanted in (("list_200_servers", bench.count(200)), ("list_1000_servers", bench.count(1000))):
            cloud.at_least_servers(wanted)
            path = f"{COMPUTE}/servers/detail?limit={wanted}"
            parse_and_print = line.ask("GET", path)[1]
            bench.report(name, line.time("GET", path, bench.times(20)), note=f"{wanted} servers, {len(parse_and_print):,} bytes")
        one = cloud.page(line, 1)[0]["id"]
        beside_nginx(bench, "show_server", cloud, f"{COMPUTE}/servers/{one}", cloud.headers)
