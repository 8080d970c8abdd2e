#!/usr/bin/env bash
# What DCT and the way to it get wrong. Each: said clearly, the right exit
# status, no crash, nothing lost and nothing made twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# fault RULE: see tests/sim/faults.h.
fault() {
    sim fault "$1" >"$work/reply"
}

no_faults() {
    curl --silent --show-error --fail -X DELETE "http://127.0.0.1:$PORT/_sim/fault" >"$work/reply"
}

test_dct_is_down() {
    quickstart
    stop_sim
    expect 1 plan
    said err '127\.0\.0\.1'
    start_sim
    expect 0 apply
    whole
}

test_key_is_refused() {
    quickstart
    DCT_API_KEY=3.wrong expect 1 plan
    said err '401'
    DCT_API_KEY='' expect 1 plan
    said err 'DCT_API_KEY'
    DCT_API_KEY=3.wrong expect 1 apply
    same "writes" "" "$(writes | grep -v ' 401$')"
}

# A list that cannot be read is unknown: nothing is made, nothing deleted.
unreadable() {
    quickstart
    expect 0 apply
    writes >"$work/before"
    sed -i 's/^  description: .*/  description: changed/' "$work/estate/manifests/10-platform.yaml"
    rm "$work/estate/manifests/30-orders-dev.yaml"
    fault "$1"
    expect 1 plan
    said err "$2"
    unsaid out '^  (\+|-) (VDB|DSource)'
    no_faults
    whole
}

test_html_instead_of_json() {
    unreadable '{"route": "/vdbs", "html": true}' 'not JSON'
}

test_truncated_json() {
    unreadable '{"route": "/vdbs", "truncate": true}' 'ended in the middle'
}

test_5xx_on_a_list() {
    unreadable '{"route": "/vdbs", "status": 503}' '503'
}

test_5xx_on_a_write() {
    quickstart
    fault '{"route": "/environments", "method": "POST", "status": 500, "times": 2}'
    expect 0 apply
    said err '500'
    whole
}

# The worst: the work is done, the answer says it is not.
test_5xx_after_the_work_was_done() {
    quickstart
    fault '[{"route": "/environments", "method": "POST", "status": 502, "when": "after", "times": 1},
            {"route": "/dsources/*", "method": "POST", "cut": "after", "times": 1},
            {"route": "/vdbs/provision*", "method": "POST", "cut": "after", "times": 1},
            {"route": "/toolkits", "method": "POST", "html": true, "when": "after", "times": 1},
            {"route": "/management/engines", "method": "POST", "truncate": true, "times": 1}]'
    expect 0 apply
    whole
    expect 0 plan
}

test_connections_cut_before_the_work() {
    quickstart
    fault '[{"route": "/environments", "method": "POST", "cut": "before", "times": 2},
            {"route": "/dsources/*", "method": "POST", "cut": "before", "times": 1},
            {"route": "/jobs/search", "method": "POST", "cut": "before", "times": 3}]'
    expect 0 apply
    whole
}

test_429_with_retry_after() {
    quickstart
    fault '[{"route": "/environments", "method": "POST", "status": 429, "retry_after": 2, "times": 1},
            {"route": "/vdbs", "method": "GET", "status": 429, "retry_after": 1, "times": 2}]'
    expect 0 apply
    whole
}

test_jobs_that_fail() {
    quickstart
    fault '[{"route": "/environments", "method": "POST", "job": "FAILED", "job_error": "no route to host", "times": 1},
            {"route": "/dsources/*", "method": "POST", "job": "TIMEDOUT", "work": true, "times": 1},
            {"route": "/vdbs/provision*", "method": "POST", "job": "CANCELED", "times": 1}]'
    expect 0 apply
    said err 'no route to host'
    whole
}

# What it was sent stands in its own words: everything that was said is searched.
test_words_that_repeat_a_secret() {
    quickstart
    fault '{"route": "/environments", "method": "POST", "job": "FAILED", "times": 1,
        "job_error": "no login with example-host-password, key '"$DCT_API_KEY"'"}'
    expect 0 apply
    said err 'no login with \*\*\*, key \*\*\*'
    whole
}

test_failure_that_stays_blocks_only_dependants() {
    quickstart
    fault '{"route": "/dsources/*", "method": "POST", "status": 400}'
    expect 1 apply
    said out '^Not converged'
    said out 'DSource/orders'
    same "environments" "pg-staging pg-target" "$(held environments)"
    same "VDBs" "" "$(held vdbs)"
    no_faults
    expect 0 apply
    whole
}

run_tests
