#include "patrol.h"

#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/names.h"
#include "../../probes/xalloc.h"
#include "../clock.h"
#include "backoff.h"
#include "pace.h"
#include "round.h"
#include "session.h"

/* A connection is kept while rounds come at least this often. */
#define KEEP_PERIOD_MS 30000

/* A kept session is replaced after an hour, give or take a fifth: the server's caches of it only
 * grow, and a failover behind the same name is followed even where the old server lives on. */
#define SESSION_AGE_MS 3600000

/* A refused password may be counted towards a lock-out, so it is not tried as often as a server
 * that is down; but a minute is soon enough to be back well within the default holdFor. A changed
 * password file is noticed at once. */
#define LOGIN_FLOOR_MS 5000
#define LOGIN_BASE_MS 5000
#define LOGIN_CAP_MS 55000
#define SECRET_PERIOD_MS 1000

/* A fleet that is notified together does not look together; and many notifications in a row are no
 * reason to look without pause, see pace.h. */
#define NOTIFIED_SPREAD_MS 25

struct patrol {
	struct event_base *base;
	const struct database *database;
	struct log *log;
	struct database_state *state;
	void (*on_change)(void *arg);
	void *arg;

	struct event *timer; /* the next round, or a look at the secrets before it */
	int64_t next_ms;     /* monotonic: when the next round begins */
	struct session *session;
	int64_t session_until_ms;
	struct session_handler handler;
	struct round round;
	struct vigil vigil;
	struct sentinel place;   /* what the verdicts so far are about; without system and
				    database: not known yet */
	int64_t place_opened_ms; /* the session in which that was asked last */
	bool in_round;
	bool was_idle; /* the session, up to now: it may have ended meanwhile */
	bool is_held;  /* what its checks want is not known yet */
	bool is_due;   /* the round has come to its checks, or to its end, and is held there */
	bool rests;
	bool has_looked;
	int64_t started_ms;
	struct pace pace;
	int64_t ended_ms;

	struct statement listen; /* its text is listen_sql */
	char *listen_sql;        /* NULL: nothing to listen to */
	bool asks_to_listen;     /* the answer to it is what comes next */
	bool listens;
	bool told_deaf;
	bool notified;        /* in the midst of a round */
	struct backoff reach; /* after a failure to reach or keep the server */
	struct backoff login; /* after a refused login */
	bool waits_for_secret;
	uint64_t secret_version; /* the one that was refused */
};

static uint32_t random_number(void)
{
	uint32_t number;

	evutil_secure_rng_get_bytes(&number, sizeof(number));
	return number;
}

/* period, give or take a tenth: a fleet that started together drifts apart. */
static int64_t jittered(int64_t period_ms)
{
	return period_ms - period_ms / 10 +
	       (int64_t)((uint64_t)(period_ms / 5) * random_number() >> 32);
}

static struct moment now(void)
{
	return (struct moment){clock_monotonic_ms(), clock_wall_ms()};
}

/* ---- when ---- */

static void arm(struct patrol *patrol)
{
	int64_t delay = patrol->next_ms - clock_monotonic_ms();
	struct timeval interval;

	if (patrol->waits_for_secret && delay > SECRET_PERIOD_MS)
		delay = SECRET_PERIOD_MS;
	if (patrol->rests)
		return;
	if (delay < 0)
		delay = 0;
	interval = (struct timeval){.tv_sec = delay / 1000, .tv_usec = (delay % 1000) * 1000};
	evtimer_add(patrol->timer, &interval);
}

/* The longest that the coming round may take, with time to spare: who hears nothing by then knows
 * that the checking thread is stuck. A session that turns out to be lost, a connect, LISTEN and at
 * most four readings of the sentinel; then each check asks three statements at most. */
static int64_t round_limit_ms(const struct patrol *patrol)
{
	return patrol->database->timeout_ms * (7 + 3 * (int64_t)patrol->database->check_count) +
	       5000;
}

static void schedule(struct patrol *patrol, int64_t delay_ms)
{
	patrol->next_ms = clock_monotonic_ms() + delay_ms;
	patrol->state->due_ms = patrol->next_ms + round_limit_ms(patrol);
	arm(patrol);
}

static bool gates(const struct patrol *patrol, size_t index)
{
	const struct check *check = patrol->database->checks[index];

	return check->gates != 0 && !(check->latch && patrol->state->standings[index].ever_ready);
}

/* Whether all that could close a gate is ready. */
static bool is_ready(const struct patrol *patrol)
{
	for (size_t i = 0; i < patrol->database->check_count; i++)
		if (gates(patrol, i) && patrol->state->standings[i].now.value != VERDICT_READY)
			return false;
	return true;
}

static int64_t retry_pause_ms(const struct patrol *patrol)
{
	const struct database *database = patrol->database;
	int64_t pause = pace_pause_ms(&patrol->pace);

	if (pause > database->period_ms)
		pause = database->period_ms;
	return pause > database->retry_period_ms ? pause : database->retry_period_ms;
}

/* Time between rounds while the database answers. */
static int64_t rhythm_ms(const struct patrol *patrol)
{
	return is_ready(patrol) ? patrol->database->period_ms : retry_pause_ms(patrol);
}

static int64_t delay_after_answers(struct patrol *patrol)
{
	backoff_reset(&patrol->reach);
	backoff_reset(&patrol->login);
	return jittered(rhythm_ms(patrol));
}

static int64_t delay_after_failure(struct patrol *patrol, const struct verdict *failure)
{
	if (strncmp(failure->sqlstate, "28", 2) != 0)
		return backoff_next(&patrol->reach, random_number());
	patrol->waits_for_secret = true;
	patrol->secret_version = database_secret_version(patrol->database);
	return backoff_next(&patrol->login, random_number());
}

/* ---- rounds ---- */

/* By the rhythm, not by the next delay, which the jitter may move over the limit and back. */
static bool keeps_session(const struct patrol *patrol)
{
	if (clock_monotonic_ms() >= patrol->session_until_ms)
		return false;
	if (patrol->database->keep_connection == KEEP_AUTO)
		return patrol->listens || rhythm_ms(patrol) <= KEEP_PERIOD_MS;
	return patrol->database->keep_connection == KEEP_ALWAYS;
}

static void log_failure(const struct patrol *patrol, const struct verdict *failure)
{
	struct log_line line = log_begin(patrol->log, LOG_LEVEL_DEBUG, "round_failed");

	log_text(&line, "database", patrol->database->name);
	log_text(&line, "reason", reason_name(failure->reason));
	log_text(&line, "sqlstate", failure->sqlstate);
	log_end(&line, "%s", failure->message);
}

/* Notes what the round has found; gives whether a verdict is another than before. */
static bool note_verdicts(struct patrol *patrol, struct moment end)
{
	bool changed = false;

	for (size_t i = 0; i < patrol->database->check_count; i++) {
		struct standing *standing = &patrol->state->standings[i];
		const struct verdict *verdict = &patrol->round.verdicts[i];

		changed = changed || !verdict_same(&standing->now, verdict);
		standing_note(standing, verdict, end);
		if (verdict->value != VERDICT_UNKNOWN)
			patrol->state->answered_wall_ms = end.wall_ms;
	}
	return changed;
}

static void note_look(struct patrol *patrol, int64_t took_ms, bool found_change)
{
	pace_note(&patrol->pace, took_ms);
	vigil_note(&patrol->vigil,
	    &(struct look){
		.reading = patrol->round.has_reading ? &patrol->round.reading : NULL,
		.ready = is_ready(patrol),
		.was_alarm = patrol->round.was_alarm,
		.found_change = found_change,
		.began_ms = patrol->round.began_ms,
		.ended_ms = patrol->ended_ms,
		.period_ms = patrol->database->period_ms,
		.random = random_number(),
	    });
}

/* A notification that came in the midst of a round may be about what had been read before. */
static void look_soon(struct patrol *patrol)
{
	int64_t spread = (int64_t)((uint64_t)NOTIFIED_SPREAD_MS * random_number() >> 32);
	int64_t pause = patrol->ended_ms + pace_pause_ms(&patrol->pace) - clock_monotonic_ms();
	int64_t delay = pause > spread ? pause : spread;

	patrol->notified = false;
	vigil_forget(&patrol->vigil);
	if (clock_monotonic_ms() + delay < patrol->next_ms)
		schedule(patrol, delay);
}

/* The round has ended; failure is why the session failed in it, or NULL. */
static void finish(struct patrol *patrol, const struct verdict *failure)
{
	struct database_state *state = patrol->state;
	struct moment end = now();
	int64_t took_ms = end.monotonic_ms - patrol->started_ms;
	bool changed = note_verdicts(patrol, end);

	patrol->in_round = false;
	patrol->has_looked = true;
	patrol->ended_ms = end.monotonic_ms;
	database_state_note_round(state, took_ms);
	if (failure != NULL)
		log_failure(patrol, failure);
	else if (round_is_look(&patrol->round))
		note_look(patrol, took_ms, changed);
	if (failure == NULL && !keeps_session(patrol))
		session_close(patrol->session);
	state->connected = session_is_open(patrol->session);
	schedule(patrol,
	    failure != NULL ? delay_after_failure(patrol, failure) : delay_after_answers(patrol));
	if (patrol->notified && failure == NULL)
		look_soon(patrol);
	patrol->on_change(patrol->arg);
}

static void fail_round(struct patrol *patrol, const struct verdict *failure)
{
	round_fail(&patrol->round, failure);
	finish(patrol, failure);
}

/* Asks the next statement of the round, or ends it. */
static void go_on(struct patrol *patrol)
{
	const struct statement *statement;

	patrol->is_due = patrol->is_held && !patrol->round.at_sentinel;
	if (patrol->is_due)
		return;
	statement = round_next(&patrol->round);

	if (statement != NULL)
		session_ask(patrol->session, statement);
	else
		finish(patrol, NULL);
}

/* Where the session is another one than that in which the place was asked, it may lead elsewhere.
 */
static void start_asking(struct patrol *patrol)
{
	bool is_new_place = session_opened_ms(patrol->session) != patrol->place_opened_ms;
	int64_t now_ms = clock_monotonic_ms();

	patrol->vigil.one_backend = session_is_direct(patrol->session);
	round_start(&patrol->round,
	    vigil_may_glance(&patrol->vigil, now_ms) ? &patrol->vigil : NULL, is_new_place, now_ms);
}

static void begin_round(struct patrol *patrol)
{
	start_asking(patrol);
	go_on(patrol);
}

/* ---- which server, which database ---- */

static void forget_place(struct patrol *patrol)
{
	struct log_line line = log_begin(patrol->log, LOG_LEVEL_WARN, "database_changed");

	log_text(&line, "database", patrol->database->name);
	log_end(
	    &line, "another database answers than before; what was known of that one is forgotten");
	for (size_t i = 0; i < patrol->database->check_count; i++) {
		patrol->state->memories[i] = (struct check_memory){0};
		standing_forget(&patrol->state->standings[i]);
	}
}

/* The sentinel has told where the session leads. */
static void note_place(struct patrol *patrol)
{
	const struct sentinel *reading = &patrol->round.reading;

	if (!sentinel_tells_place(patrol->round.form))
		return;
	if (sentinel_is_elsewhere(&patrol->place, reading))
		forget_place(patrol);
	patrol->place = *reading;
	memcpy(patrol->state->identity.system, reading->system, sizeof(reading->system));
	memcpy(patrol->state->identity.database, reading->database, sizeof(reading->database));
	patrol->place_opened_ms = session_opened_ms(patrol->session);
}

/* Through a pooler, or after a demotion, a session may lead to a standby later on. */
static bool is_wrong_server(const struct patrol *patrol)
{
	return patrol->database->server == SERVER_PRIMARY && patrol->round.has_reading &&
	       patrol->round.reading.standby;
}

static void leave_server(struct patrol *patrol)
{
	struct verdict failure = session_standby_failure();

	session_close(patrol->session);
	fail_round(patrol, &failure);
}

/* ---- notifications ---- */

static void tell_deaf(struct patrol *patrol, const char *why)
{
	struct log_line line;

	if (patrol->told_deaf)
		return;
	patrol->told_deaf = true;
	line = log_begin(patrol->log, LOG_LEVEL_WARN, "notify_unavailable");
	log_text(&line, "database", patrol->database->name);
	log_end(&line, "%s: notifications do not arrive, the timer alone tells when to look", why);
}

/* What was sent while nobody listened is lost: the look that follows makes up for it. */
static void begin_session(struct patrol *patrol)
{
	patrol->listens = false;
	patrol->asks_to_listen = patrol->listen_sql != NULL && session_is_direct(patrol->session);
	if (patrol->asks_to_listen) {
		vigil_forget(&patrol->vigil);
		session_ask(patrol->session, &patrol->listen);
		return;
	}
	if (patrol->listen_sql != NULL)
		tell_deaf(patrol, "a transaction pooler is in between");
	begin_round(patrol);
}

static void note_listening(struct patrol *patrol, const struct answer *answer)
{
	patrol->asks_to_listen = false;
	patrol->listens = answer->rows != NULL;
	if (!patrol->listens)
		tell_deaf(patrol, strcmp(answer->sqlstate, "25006") == 0
				      ? "the server is a standby"
				      : "the server refuses LISTEN");
}

static void on_notify(void *arg)
{
	struct patrol *patrol = arg;

	if (patrol->in_round)
		patrol->notified = true;
	else
		look_soon(patrol);
}

/* ---- the session ---- */

static void on_open(const struct verdict *failure, void *arg)
{
	struct patrol *patrol = arg;

	if (failure != NULL) {
		patrol->state->connect_failures[failure->reason]++;
		start_asking(patrol);
		fail_round(patrol, failure);
		return;
	}
	patrol->state->connects++;
	patrol->state->connected = true;
	patrol->session_until_ms =
	    clock_monotonic_ms() + SESSION_AGE_MS * 4 / 5 +
	    (int64_t)((uint64_t)(SESSION_AGE_MS * 2 / 5) * random_number() >> 32);
	begin_session(patrol);
}

static void take_answer(struct patrol *patrol, const struct answer *answer)
{
	bool was_sentinel = patrol->round.at_sentinel;

	round_answer(&patrol->round, answer);
	if (was_sentinel && patrol->round.has_reading)
		note_place(patrol);
}

static void start_round(struct patrol *patrol)
{
	patrol->waits_for_secret = false;
	patrol->in_round = true;
	patrol->notified = false;
	patrol->started_ms = clock_monotonic_ms();
	patrol->was_idle = session_is_open(patrol->session);
	if (patrol->was_idle)
		begin_round(patrol);
	else
		session_open(patrol->session);
}

/* The session's end shows only now: no news, as in on_lost. A new one tells how the server is. */
static void begin_anew(struct patrol *patrol, const struct verdict *failure)
{
	log_failure(patrol, failure);
	patrol->state->connected = false;
	patrol->on_change(patrol->arg);
	start_round(patrol);
}

/* The session failed while it was asked; perhaps before the round had begun. */
static void fail_asked(struct patrol *patrol, const struct verdict *failure)
{
	if (patrol->asks_to_listen)
		start_asking(patrol);
	patrol->asks_to_listen = false;
	fail_round(patrol, failure);
}

static void on_answer(const struct answer *answer, const struct verdict *failure, void *arg)
{
	struct patrol *patrol = arg;

	if (failure != NULL && patrol->was_idle && session_was_lost(patrol->session)) {
		begin_anew(patrol, failure);
		return;
	}
	if (failure != NULL) {
		fail_asked(patrol, failure);
		return;
	}
	patrol->was_idle = false;
	if (patrol->asks_to_listen) {
		note_listening(patrol, answer);
		begin_round(patrol);
		return;
	}
	take_answer(patrol, answer);
	if (is_wrong_server(patrol))
		leave_server(patrol);
	else
		go_on(patrol);
}

/* No verdict changes by it: the next round, soon, tells whether the server is still there. */
static void on_lost(const struct verdict *failure, void *arg)
{
	struct patrol *patrol = arg;
	int64_t soon = jittered(patrol->database->retry_period_ms);

	log_failure(patrol, failure);
	patrol->state->connected = false;
	if (patrol->is_due)
		return; /* patrol_release finds out */
	if (patrol->next_ms > clock_monotonic_ms() + soon)
		schedule(patrol, soon);
	patrol->on_change(patrol->arg);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct patrol *patrol = arg;

	(void)fd;
	(void)events;
	if (clock_monotonic_ms() >= patrol->next_ms ||
	    (patrol->waits_for_secret &&
		database_secret_version(patrol->database) != patrol->secret_version))
		start_round(patrol);
	else
		arm(patrol);
}

static void prepare_to_listen(struct patrol *patrol)
{
	struct text sql;

	if (patrol->database->notify == NULL)
		return;
	text_init(&sql, 0);
	text_add(&sql, "LISTEN ");
	text_add_identifier(&sql, patrol->database->notify);
	patrol->listen_sql = text_take(&sql);
	patrol->listen = (struct statement){.sql = patrol->listen_sql, .is_command = true};
}

/* What follows from the entry alone. */
static void take_entry(struct patrol *patrol, const struct database *database)
{
	patrol->database = database;
	patrol->reach =
	    (struct backoff){.base_ms = database->retry_period_ms, .cap_ms = database->period_ms};
	patrol->login = (struct backoff){
	    .floor_ms = LOGIN_FLOOR_MS, .base_ms = LOGIN_BASE_MS, .cap_ms = LOGIN_CAP_MS};
	round_init(&patrol->round, database, patrol->state->memories);
	vigil_forget(&patrol->vigil);
	free(patrol->listen_sql);
	patrol->listen_sql = NULL;
	prepare_to_listen(patrol);
}

static void make_session(struct patrol *patrol)
{
	patrol->listens = false;
	patrol->told_deaf = false;
	patrol->session =
	    session_create(patrol->base, patrol->database, patrol->log, &patrol->handler);
}

struct patrol *patrol_create(struct event_base *base, const struct database *database,
    struct log *log, struct database_state *state, void (*on_change)(void *arg), void *arg)
{
	struct patrol *patrol = xcalloc(1, sizeof(*patrol));

	patrol->base = base;
	patrol->log = log;
	patrol->state = state;
	patrol->on_change = on_change;
	patrol->arg = arg;
	patrol->handler = (struct session_handler){.on_open = on_open,
	    .on_answer = on_answer,
	    .on_lost = on_lost,
	    .on_notify = on_notify,
	    .arg = patrol};
	take_entry(patrol, database);
	make_session(patrol);
	patrol->timer = evtimer_new(base, on_timer, patrol);
	if (patrol->timer == NULL)
		abort();
	return patrol;
}

static void learn_identity(struct patrol *patrol)
{
	const struct identity *identity = &patrol->state->identity;

	patrol->place = (struct sentinel){0};
	memcpy(patrol->place.system, identity->system, sizeof(identity->system));
	memcpy(patrol->place.database, identity->database, sizeof(identity->database));
}

void patrol_start(struct patrol *patrol)
{
	learn_identity(patrol);
	patrol->has_looked = false;
	schedule(patrol, 0);
}

void patrol_hold(struct patrol *patrol)
{
	patrol->is_held = true;
}

void patrol_release(struct patrol *patrol)
{
	patrol->is_held = false;
	if (!patrol->is_due)
		return;
	patrol->is_due = false;
	patrol->started_ms = clock_monotonic_ms(); /* the database was not what took so long */
	patrol->was_idle = session_is_open(patrol->session);
	if (patrol->was_idle)
		go_on(patrol);
	else
		start_round(patrol);
}

bool patrol_has_looked(const struct patrol *patrol)
{
	return patrol->has_looked;
}

void patrol_rest(struct patrol *patrol)
{
	patrol->rests = true;
	event_del(patrol->timer);
}

bool patrol_is_in_round(const struct patrol *patrol)
{
	return patrol->in_round;
}

static void move_session(struct patrol *patrol, const struct database *former)
{
	if (digest_same(&former->session, &patrol->database->session)) {
		session_move(patrol->session, patrol->database);
		return;
	}
	session_free(patrol->session);
	make_session(patrol);
	patrol->state->connected = false;
}

static void break_off(struct patrol *patrol)
{
	const struct verdict none = verdict_of(REASON_PENDING, "broken off");

	session_close(patrol->session);
	round_fail(&patrol->round, &none);
	vigil_forget(&patrol->vigil);
	patrol->in_round = false;
	patrol->asks_to_listen = false;
	patrol->state->connected = false;
}

void patrol_move(struct patrol *patrol, const struct database *database,
    struct database_state *state, bool look_now)
{
	const struct database *former = patrol->database;
	bool same = digest_same(&former->whole, &database->whole);
	bool broken = patrol->in_round;

	patrol->state = state;
	if (broken)
		break_off(patrol);
	if (same) {
		round_move(&patrol->round, database, state->memories);
		patrol->database = database;
	} else {
		round_done(&patrol->round);
		take_entry(patrol, database);
	}
	move_session(patrol, former);
	patrol->rests = false;
	if (same && !broken && !look_now)
		schedule(patrol, patrol->next_ms - clock_monotonic_ms());
	else
		patrol_start(patrol);
}

void patrol_free(struct patrol *patrol)
{
	if (patrol == NULL)
		return;
	session_free(patrol->session);
	event_free(patrol->timer);
	round_done(&patrol->round);
	free(patrol->listen_sql);
	free(patrol);
}
