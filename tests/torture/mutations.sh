#!/usr/bin/env bash
# Breaks one rule of the reconciler at a time, in a copy, and expects that the
# trace tests notice. A mutation that survives, and one whose edit changes
# nothing, fail.
#
#   mutations.sh BUILD        LINK_TEST and TEST_LIBRARIES come from `make mutations`
set -eu
cd "$(dirname "$0")/../.."

BUILD=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# The first of the tests that fails with the mutated reconciler.
caught_by() {
    local test name
    for name in "$@"; do
        test=$work/$name
        # shellcheck disable=SC2086  # a command and its options
        $LINK_TEST -o "$test" "$BUILD/tests/trace/$name.o" "$BUILD/libtest.a" "$BUILD/libdaemon.a" \
            "$work/libreconciler.a" "$BUILD/libschema.a" $TEST_LIBRARIES
        if ! CMOCKA_MESSAGE_OUTPUT=TAP timeout 60 "$test" >"$work/log" 2>&1; then
            sed -n "s/.*not ok [0-9][0-9]* - \(.*\)/$name: \1/p" "$work/log" | head -n 1 | grep . ||
                echo "$name: it crashes or never ends"
            return 0
        fi
    done
    return 1
}

# broken WHAT FILE EDIT TEST...
broken() {
    local what=$1 file=$2 edit=$3 by
    shift 3
    sed "$edit" "reconciler/$file.c" >"$work/$file.c"
    if cmp -s "reconciler/$file.c" "$work/$file.c"; then
        echo "not ok - $what: the edit changes nothing in $file.c"
        failed=$((failed + 1))
        return
    fi
    cp "$BUILD/libreconciler.a" "$work/"
    # shellcheck disable=SC2086
    if ! $LINK_TEST -w -c -o "$work/$file.o" "$work/$file.c"; then
        echo "not ok - $what: it does not compile"
        failed=$((failed + 1))
        return
    fi
    ar r "$work/libreconciler.a" "$work/$file.o"
    if by=$(caught_by "$@"); then
        echo "ok - $what: caught by $by"
        passed=$((passed + 1))
    else
        echo "not ok - $what: it survives $*"
        failed=$((failed + 1))
    fi
}

broken "the intent is not written down" write 's/^        intend(x, a, t, s);/        (void)intend;/' \
    test_torture_requests
broken "the owner tag is not looked at" match \
    's/^    return item->owner && !streq(item->owner, world->instance);/    return false;/;
     s/^        if (streq(item->owner, world->instance)) {/        if (true) {/' \
    test_match test_torture_requests
broken "a name is ownership" match 's/w->object->policy.adopt != ADOPT_NEVER/true/' test_match
broken "the delete budget is skipped" budget 's/^        block_deletions(in, p, why);/        (void)block_deletions;/' \
    test_prune
broken "what is replaced is not counted as deleted" budget 's/ || a->verb == VERB_REPLACE;/;/' test_budget
broken "what was deleted before is not counted" budget 's/\.done = in->deleted->keys.n/.done = 0/' test_budget
broken "what DCT does not show is not counted" prune 's/u->unseen += goes_later/(void)goes_later/' test_budget
broken "the enable is forgotten" write 's/e->owes_enable = !wants_off(a)/e->owes_enable = false/' \
    test_disabled
broken "503 means gone" reply 's/if (r->status == 404)/if (r->status == 404 || r->status == 503)/' \
    test_prune
broken "a partial list is complete" match 's/if (!l->complete)/if (false)/' \
    test_torture_reads test_torture_requests
broken "an unanswered write is void and sent again" write \
    's/\[REPLY_BROKEN\] = { FAIL_UNKNOWN, false }/[REPLY_BROKEN] = { FAIL_RECOVERABLE, true }/' \
    test_torture_requests test_candidates
broken "what was written is not compared" action \
    's/still_differs(a, &d);/a->run->n ? NULL : still_differs(a, \&d);/' \
    test_drift
broken "protect is ignored where it is pruned" prune 's/^    if (e->protect)/    if (false)/' \
    test_prune test_torture_ledger
broken "what is only watched goes with its manifest" prune 's/^    if (e->hands_off)/    if (false)/' test_modes
broken "protect in the ledger is ignored where it is replaced" half_made \
    's/(e \&\& e->protect);/false;/' test_prune
broken "protect in the manifest is ignored where it is replaced" half_made \
    's/return w->object->policy.protect || /return /' test_prune
broken "protection is lifted by the change that it forbids" keep \
    's/ && !w->object->policy.replace_allowed;/;/' test_prune
broken "protection is lifted only once all has come true" keep 's/bool lift = e->protect/bool lift = false/' \
    test_prune
broken "what cannot be looked at is whole" half_made 's/^    return e \&\& !d->n \&\& d->unjudged/    return false \&\& d->unjudged/' \
    test_half_made
broken "what is half made is forgotten as an orphan" prune 's/^    if (is_left_behind(e))/    if (false)/' \
    test_half_made
broken "what a person lifted comes back after a full disk" cycle \
    's/^    cycle_take_out_again(c, s);/    (void)cycle_take_out_again;/' test_hand
broken "a tag that is ignored is deleted" diff 's/!tag_ignored(w->object, json_text(pair, "key"))/true/' test_ignore
broken "what is ignored is not brought after the creation" keep 's/^            entry_apply(e, f, &(struct value)/            (void)(\&(struct value)/' \
    test_ignore
broken "what is ignored counts as applied" keep 's/ || (row_ignored(o, f) \&\& !row_awaited(e, f)))/)/' test_ignore
broken "another pointer is another value" diff 's/fingerprint_same(applied, &object_made(o, row)->digest)/false/' \
    test_ignore
broken "a refresh is asked for of what is off" diff 's/ \&\& is_to_be_off(c->w))/ \&\& false)/' test_disabled
broken "what a failed creation left is made again before GET shows it" action \
    's/bool left = e \&\& e->failed/bool left = false \&\& e->failed/' test_half_made
broken "a creation that failed for another process is none" write 's/e->failed || e->intent.makes/e->failed/' \
    test_half_made
broken "what a failed creation left is repaired" half_made 's/return e \&\& e->failed \&\& streq(e->id, id);/return false \&\& e \&\& id;/' test_half_made
broken "a job's id is not kept" write 's/^    entry_job(e, json_text(job, "id"));/    entry_job(e, NULL);/' \
    test_torture_kill test_torture_reads
broken "a job that timed out is a success" write 's/{ "TIMEDOUT", JOB_LOST }/{ "TIMEDOUT", JOB_DONE }/' \
    test_torture_reads test_torture_jobs
broken "a lost ledger asks for no job that makes it already" outcome 's/return a->suspect \&\& /return false \&\& /' \
    test_torture_ledger
broken "what is off for a change is not marked" program 's/!stays_off \&\& !item->marked)/false)/' \
    test_torture_ledger
broken "a lost ledger does not heed a lost job" suspects 's/(making || lost || /((void)lost, making || /' \
    test_lost_jobs
broken "a lost creation is no failed one" planner 's/^    return e \&\& e->intent.lost \&\&/    return false \&\& e->intent.lost \&\&/' \
    test_lost_jobs
broken "what is asked for after a lost creation is a sign that it failed" half_made \
    's/^            was_asked_for(w, e, d->changes\[i\].row))/            true)/' test_lost_jobs
broken "a lost creation is no failed one where nobody heard of its job" outcome \
    's/^    return p \&\& e \&\& e->intent.makes/    return false \&\& e->intent.makes/' test_lost_jobs
broken "what may be half made is built upon" planner 's/a->unsound = half_made_yet(/a->unsound = half_made(/' \
    test_lost_jobs
broken "what others were made from is half made" half_made 's/^    return differs(w, e, d) \&\& .*/    return differs(w, e, d);/' \
    test_half_made
broken "who has the source already is not asked" dependants 's/^    { KIND_DSOURCE, MAKING, .*//' test_users
broken "who uses a connector is not asked" dependants 's/^    { KIND_CONNECTOR, DELETING, .*//' test_users
broken "who uses a host is not asked" dependants 's/^    { KIND_ENVIRONMENT, DELETING, .*//' test_users
broken "who depends on it is nobody where DCT does not say" dependants 's/^        block_unknown(p, q, r);/        (void)block_unknown;/' \
    test_users
broken "who depends on it is on the first page" dependants 's/is_dct(q) ? NULL : reply_more(r->body)/NULL/' test_users
broken "an answer that says nothing says that it is not there" reply 's/REPLY_OK \&\& !lacks \&\&/REPLY_OK \&\&/' \
    test_candidates
broken "an answer that says nothing says that no job is under way" outcome 's/REPLY_OK \&\& !lacks \&\&/REPLY_OK \&\&/' \
    test_candidates
broken "a list that says nothing is empty" reply 's/^    return cJSON_IsArray(json_at(body, "items")) ? NULL : .*/    return NULL;/' \
    test_torture_requests
broken "who lives on a host is nobody where DCT does not say" consequences 's/^        if (may_be_user(p, on, i)) {/        if (false \&\& may_be_user(p, on, i)) {/' \
    test_dependants
broken "whatever failed on it was its creation" outcome 's/if (other != job \&\& !later/if (false \&\& !later/' \
    test_lost_jobs
broken "what is made anew is looked for as what was deleted" look 's/ \&\& !a->run->made//' test_half_made
broken "a database goes off on a host that is off" needs 's/ \&\& !(a->goes_off \&\& is_off(needed))/ \&\& !(false \&\& is_off(needed))/' \
    test_dependants
broken "one of two candidates is taken" match 's/n->n_ours > 1 || (!n->n_ours \&\& n->n_plain > 1)/false/' \
    test_candidates
broken "broken manifests stop no pruning" prune 's/!in->world->set->complete/false/' test_prune
broken "what is off stays off once its manifest is gone" cycle \
    's/^    plan_debts(&in, c->plan);/    (void)in, (void)plan_debts;/' test_debts
broken "debts are looked at before all that stands in the way is known" cycle \
    '/^    plan_debts(&in, c->plan);/d; s/^    c->plan = plan_build(&in);/&\n    plan_debts(\&in, c->plan);/' test_debts
broken "what only its mark tells of stays off" debts 's/^    if (elsewhere || /    if ((!c.entry \&\& !c.wanted) || /' test_debts
broken "a mark counts after its debt is paid" diff 's/bool repaid = e \&\& e->repaid;/bool repaid = false;/' test_debts
broken "a mark stays that was there for nothing" switching 's/e->owes_enable || marked_for_nothing(x, a);/e->owes_enable;\n    (void)marked_for_nothing;/' test_debts
broken "what another took over meanwhile is switched on" switching 's/^    return item && (!item->owner || .*/    return item || !x->world;/' test_debts
broken "a lost ledger is taken for a first one" twin 's/^    return t->ours .*/    return (void)t, 0;/' test_twin
broken "what another makes in our name is not noticed" twin 's/!t->remembers ||/true ||/' test_twin
broken "whoever began with nothing never judges" twin 's/t->remembers || now - t->begun >= DAY/t->remembers/' test_twin
broken "what a lost answer made is taken for another's" twin 's/ || made);/);/; s/^    bool made = .*/    bool made = false;/' test_twin
broken "what waits begins though the clock was put back into its suspension" cycle \
    's/c->ended \&\& step_wall(s) < c->ended/false/' test_clock
broken "what nobody answered for is not waited for" planner 's/LOST_GRACE : OUTCOME_GRACE/LOST_GRACE : 0/' test_clock
broken "what DCT lost sight of is not waited for" planner 's/LOST_GRACE : OUTCOME_GRACE/0 : OUTCOME_GRACE/' test_clock
broken "a creation out of sight is forgotten with its manifest" cycle 's/s->now < outcome_due(e));/false);/' \
    test_lost_jobs
broken "what is off waits on though its host is on again" debts 's/^            backoff_held(b, /            (void)lives_on_what_is_off, (void)(b, /' \
    test_debts
broken "what is off waits as long as what is not" failing 's/e->owes_enable \&\& !e->enabled_again/false/' test_disabled
broken "drift is repaired however often" flips 's|e->flips.n < FLIPS_MAX|true|' test_breakers
broken "a restart begins a new hour" ledger 's/^    if (e->flips.n)/    if (false)/' test_breakers
broken "care waits until all has come true" cycle 's/^        keep_careful(c, s);/        (void)keep_careful;/' \
    test_debts
broken "the limit does not hold on an engine that is new" exec \
    's/const char \*engine = a->wanted ? resolve_engine(x->world, a->wanted) : a->engine;/const char *engine = a->engine;/' \
    test_recovery
broken "a job of what has to wait takes no slot" exec 's/ || x->plan->items\[i\].adrift)/)/' test_recovery
broken "what is left goes before what leaves it" needs \
    's/^    needs_of_leaving(in, p, deletions, n_deletions);/    (void)needs_of_leaving;/' test_order
broken "a snapshot is taken for what is blocked" needs 's/^    block_idle_snapshots(p);/    (void)block_idle_snapshots;/' \
    test_recovery
broken "mode and suspension are not looked at" planner \
    's/^    char \*why = planning_policy(in, w, &as);/    char *why = NULL;/' test_modes test_simulation

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
