/*
 * test_courier.c: texts, the line that an SMS command reads, running a
 * command, and who claims a message.
 */
#include "base/clock.h"
#include "scratch.h"

#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/slot.h"
#include "base/outbox_signal.h"
#include "config/texts.h"
#include "courier/command.h"
#include "courier/delivery.h"
#include "courier/owner.h"
#include "courier/sms.h"
#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char	*languages[] = { "xx", NULL };
static struct market	markets[] = {
	{ .name = "us", .language = "xx", .languages = languages,
	    .sms = { .timeout = 2000 } },
	{ .name = "ca", .language = "xx", .languages = languages,
	    .sms = { .timeout = 2000 } },
};
static const struct market_registry	registry = {
	.markets = markets, .count = COUNT(markets) };
static struct scratch	scratch;

static void
init(void)
{
	scratch_init(&scratch);
}

static void
fini(void)
{
	scratch_free(&scratch);
}

static const struct texts *
load(const char *text)
{
	const struct texts	*texts;

	if (text != NULL)
		scratch_write(&scratch, "login_code.xx.txt", text);
	texts = texts_load(scratch.dir, &registry, scratch.arena,
	    &scratch.errors);
	return texts_complete(texts, "xx") ? texts : NULL;
}

static struct json_object *
parse(const char *text)
{
	struct json_object	*o = json_tokener_parse(text);

	cr_assert_not_null(o, "%s", text);
	return o;
}

/* ---- texts ---- */

TestSuite(texts, .init = init, .fini = fini);

Test(texts, values_stand_where_their_names_stood)
{
	static const struct {
		const char	*text;
		const char	*said;
	} cases[] = {
		{ "{code}", "0123" },
		{ "  {code}{minutes}{code}\n\n", "0123150123" },
		{ "Код: {code}.\nНа {minutes} мин. }",
		    "Код: 0123.\nНа 15 мин. }" },
		{ "\xe2\x80\x83{code} %s %n", "0123 %s %n" },
	};
	struct json_object	*values = parse("{\"code\":\"0123\","
	    "\"minutes\":\"15\",\"more\":\"x\"}");
	const char		*said, *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		said = texts_render(load(cases[i].text), "login_code", "xx",
		    values, scratch.arena, &why);
		scratch_expect_none(&scratch, cases[i].text);
		cr_assert_not_null(said, "%s: %s", cases[i].text, why);
		cr_expect_str_eq(said, cases[i].said);
	}
	json_object_put(values);
}

Test(texts, every_fault_of_a_file_is_named_with_the_file)
{
	static char		 longest[TEXTS_BYTES_MAX + 2];
	static const struct {
		const char	*text;
		const char	*error;
	} cases[] = {
		{ NULL, "login_code.xx.txt: cannot read: No such file or "
		    "directory (a market has language = xx)" },
		{ "", "login_code.xx.txt: expected a text" },
		{ " \n ", "login_code.xx.txt: expected a text" },
		{ "\xff{code}", "login_code.xx.txt: expected a text in "
		    "UTF-8" },
		{ "{minutes}", "login_code.xx.txt: expected {code} in the "
		    "text" },
		{ "{code}\n{Code}", "login_code.xx.txt:2: unknown placeholder "
		    "{Code}, expected {code} or {minutes}" },
		{ "{code} {}", "login_code.xx.txt:1: unknown placeholder {}, "
		    "expected {code} or {minutes}" },
		{ "{code} {minutes\n}", "login_code.xx.txt:1: unknown "
		    "placeholder {minutes, expected {code} or {minutes}" },
		{ "{code} {minutes", "login_code.xx.txt:1: unknown "
		    "placeholder {minutes, expected {code} or {minutes}" },
		{ longest, "login_code.xx.txt: expected at most 1000 bytes" },
	};

	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "{code}", 6);
	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		cr_expect_null(load(cases[i].text));
		scratch_expect(&scratch, cases[i].text, cases[i].error);
	}
	scratch_again(&scratch);
	longest[TEXTS_BYTES_MAX] = '\0';
	cr_expect_not_null(load(longest), "exactly the limit");
}

Test(texts, a_missing_value_or_text_is_no_message)
{
	static const char *const	values[] = { "{}", "{\"code\":null}",
	    "{\"code\":7}", "{\"minutes\":\"1\"}" };
	const struct texts		*texts = load("{code}");
	const char			*why;

	for (size_t i = 0; i < COUNT(values); i++) {
		struct json_object	*o = parse(values[i]);

		cr_expect_null(texts_render(texts, "login_code", "xx", o,
		    scratch.arena, &why), "%s", values[i]);
		cr_expect_str_eq(why,
		    "the message has not all values of its text");
		cr_expect_null(texts_render(texts, "login_code", "yy", o,
		    scratch.arena, &why));
		cr_expect_null(texts_render(texts, "order", "xx", o,
		    scratch.arena, &why));
		cr_expect_str_eq(why,
		    "there is no text for the message's template");
		json_object_put(o);
	}
}

Test(texts, they_are_printed_as_comments)
{
	struct buf	 b;
	char		*expected;

	buf_init(&b, scratch.arena, 16);
	texts_print(load("a {code}\n\nb\n"), &b);
	expected = arena_printf(scratch.arena,
	    "\n# %s/login_code.xx.txt\n#\ta {code}\n#\t\n#\tb\n", scratch.dir);
	cr_expect_str_eq(buf_text(&b), expected);
}

/* ---- sms ---- */

TestSuite(sms, .init = init, .fini = fini);

static const char *
line(const char *payload, const char **why)
{
	static struct job	 job;
	struct json_object	*o = parse(payload);
	const char		*text;
	size_t			 len;

	job = (struct job){ .market = &markets[0], .texts =
	    load("\"{code}\"\n{minutes}"), .id = "00ff", .payload = o,
	    .arena = scratch.arena };
	text = sms_line(&job, &len, why);
	if (text != NULL) {
		cr_expect_eq(strlen(text), len);
		cr_expect_str_eq(job.to, "..9851");
		cr_expect_str_eq(job.secrets[1], "13128059851");
	}
	json_object_put(o);
	return text;
}

Test(sms, the_command_reads_one_line_of_json)
{
	const char	*why, *text;

	text = line("{\"to\":\"+13128059851\",\"template\":\"login_code\","
	    "\"values\":{\"code\":\"1\\\\\",\"minutes\":\"ж\\n\"}}", &why);
	cr_assert_not_null(text, "%s", why);
	cr_expect_str_eq(text, "{\"id\":\"00ff\",\"to\":\"+13128059851\","
	    "\"text\":\"\\\"1\\\\\\\"\\nж\\n\"}\n");
}

Test(sms, what_is_no_message_is_refused)
{
#define REST ",\"template\":\"login_code\",\"values\":{\"code\":\"1\"," \
	    "\"minutes\":\"1\"}}"
	static const char *const	cases[] = {
		"{}", "{\"to\":null" REST, "{\"to\":13128059851" REST,
		"{\"to\":\"13128059851\"" REST, "{\"to\":\"+1312805985x\"" REST,
		"{\"to\":\"+1 312\"" REST, "{\"to\":\"\"" REST,
		"{\"to\":\"+\"" REST, "{\"to\":\"+123456789012345678901\"" REST,
		"{\"to\":\"+13128059851\",\"template\":\"login_code\"}",
		"{\"to\":\"+13128059851\",\"template\":7,\"values\":{}}",
		"{\"to\":\"+13128059851\",\"template\":\"login_code\","
		"\"values\":[]}",
	};
	const char			*why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_null(line(cases[i], &why), "%s", cases[i]);
		cr_expect_str_eq(why,
		    "the message needs a phone number, a template and values");
	}
}

Test(sms, a_message_that_is_not_tried_took_no_time)
{
	static const struct {
		const char		*payload;
		enum command_state	 state;
	} cases[] = {
		{ "{}", COMMAND_DEAD },
		{ "{\"to\":\"+13128059851\"" REST, COMMAND_AGAIN },
	};
	static struct market	 mute = { .name = "us", .language = "xx",
	    .sms = { .command = "" } };
	uint64_t		 before = clock_ms();
	struct command		 c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object	*o = parse(cases[i].payload);
		struct job		 job = { .market = &mute, .texts =
		    load("{code}"), .id = "00ff", .payload = o,
		    .arena = scratch.arena };

		sms_start(&job, &c);
		cr_expect_eq(c.state, cases[i].state, "%s", c.why);
		cr_expect(c.began_ms >= before);
		json_object_put(o);
	}
}

/* ---- commands ---- */

/* Runs a shell script as a command to its end; the time limit is 1 s. */
static void
run(struct command *c, const char *script, const char *input,
    const char *const *secrets)
{
	char *const		 argv[] = { (char[]){ "/bin/sh" },
	    (char[]){ "-c" }, (char *)(uintptr_t)script, NULL };
	char *const		 envp[] = { (char[]){ "ONLY=this" }, NULL };
	struct command_plan	 plan = { .argv = argv, .envp = envp,
	    .input = input, .input_len = strlen(input), .timeout = 1000 };

	command_start(c, &plan);
	while (!command_ended(c, secrets)) {
		command_listen(c);
		command_limit(c, clock_ms());
		poll(NULL, 0, 1);
	}
	cr_expect_eq(c->complaints, -1);
}

Test(command, the_exit_status_says_what_became_of_it)
{
	static const struct {
		const char		*script;
		enum command_state	 state;
		const char		*why;
	} cases[] = {
		{ "exit 0", COMMAND_DELIVERED, "exit 0" },
		{ "exit 75", COMMAND_AGAIN, "exit 75" },
		{ "exit 1", COMMAND_DEAD, "exit 1" },
		{ "exit 255", COMMAND_DEAD, "exit 255" },
		{ "kill -KILL $$", COMMAND_AGAIN, "signal 9" },
		{ "kill -TERM $$", COMMAND_AGAIN, "signal 15" },
		{ "echo no >&2; echo more >&2; exit 3", COMMAND_DEAD,
		    "exit 3: no" },
		{ "printf '\\n\\na\\033[1m\\tb\\0c' >&2; exit 3", COMMAND_DEAD,
		    "exit 3: a [1m b c" },
		{ "printf 'a\\377b' >&2; exit 3", COMMAND_DEAD,
		    "exit 3: a?b" },
		{ "printf 'ж' >&2; exit 3", COMMAND_DEAD, "exit 3: ж" },
		{ "exec 2>&-; exit 3", COMMAND_DEAD, "exit 3" },
		{ "exec sleep 9", COMMAND_AGAIN, "timed out after 1000 ms" },
		{ "trap '' TERM INT; while :; do :; done", COMMAND_AGAIN,
		    "timed out after 1000 ms" },
		{ "yes | head -c 3000000; exit 4", COMMAND_DEAD, "exit 4" },
		{ "yes n | head -c 3000000 >&2; exit 4", COMMAND_DEAD,
		    "exit 4: n" },
		{ "yes >&2", COMMAND_AGAIN, "timed out after 1000 ms: y" },
		{ "head -c 3000000 /dev/zero >&2; exit 0", COMMAND_DELIVERED,
		    NULL },
		{ "sleep 9 & exit 0", COMMAND_DELIVERED, "exit 0" },
	};
	struct command	 c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		run(&c, cases[i].script, "x\n", NULL);
		cr_expect_eq(c.state, cases[i].state, "%s: %d",
		    cases[i].script, c.state);
		if (cases[i].why != NULL)
			cr_expect_str_eq(c.why, cases[i].why);
	}
}

/* Starts a shell script and waits until it has ended; it is not buried. */
static void
start_and_end(struct command *c, const char *script)
{
	char *const		 argv[] = { (char[]){ "/bin/sh" },
	    (char[]){ "-c" }, (char *)(uintptr_t)script, NULL };
	char *const		 envp[] = { NULL };
	struct command_plan	 plan = { .argv = argv, .envp = envp,
	    .input = "", .timeout = 1000 };
	siginfo_t		 info;

	command_start(c, &plan);
	cr_assert_eq(waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT), 0);
}

Test(command, what_has_ended_by_itself_is_judged_by_that_however_late)
{
	static const struct {
		const char		*script;
		enum command_state	 state;
		const char		*why;
	} cases[] = {
		{ "exit 0", COMMAND_DELIVERED, "exit 0" },
		{ "exit 75", COMMAND_AGAIN, "exit 75" },
		{ "echo no >&2; exit 1", COMMAND_DEAD, "exit 1: no" },
		{ "kill -KILL $$", COMMAND_AGAIN,
		    "timed out after 1000 ms" },
	};
	struct command	 c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		start_and_end(&c, cases[i].script);
		command_limit(&c, c.deadline_ms);
		cr_assert(command_ended(&c, NULL));
		cr_expect_eq(c.state, cases[i].state, "%s: %d",
		    cases[i].script, c.state);
		cr_expect_str_eq(c.why, cases[i].why);
	}
}

Test(command, what_was_never_begun_has_ended_and_took_no_time)
{
	uint64_t	 before = clock_ms();
	struct command	 c;

	command_refuse(&c, COMMAND_DEAD, "expired");
	cr_expect(command_ended(&c, NULL));
	cr_expect_eq(c.state, COMMAND_DEAD);
	cr_expect_str_eq(c.why, "expired");
	cr_expect_eq(c.complaints, -1);
	cr_expect(c.began_ms >= before && c.began_ms <= clock_ms());
}

Test(command, it_has_its_input_and_nothing_of_ours)
{
	static char	 input[200000];
	int		 leaked[2];
	struct command	 c;
	sigset_t	 all, before;

	memset(input, 'x', sizeof(input) - 1);
	run(&c, "test $(wc -c) = 199999", input, NULL);
	cr_expect_str_eq(c.why, "exit 0", "all of a long input");
	run(&c, "exit 0", input, NULL);
	cr_expect_str_eq(c.why, "exit 0", "input that nobody reads");
	run(&c, "cat >&2; exit 1", "{}\n", NULL);
	cr_expect_str_eq(c.why, "exit 1: {}");

	cr_assert_eq(pipe(leaked), 0);
	/* 3 is the shell's own, by which it looks. */
	run(&c, "exec >&2; for f in /proc/$$/fd/*; do printf %s, ${f##*/}; "
	    "done; exit 1", "", NULL);
	cr_expect_str_eq(c.why, "exit 1: 0,1,2,3,");
	close(leaked[0]);
	close(leaked[1]);

	run(&c, "env -u PWD -u OLDPWD -u SHLVL -u _ /usr/bin/env >&2; exit 1",
	    "", NULL);
	cr_expect_str_eq(c.why, "exit 1: ONLY=this");
	run(&c, "pwd >&2; exit 1", "", NULL);
	cr_expect_str_eq(c.why, "exit 1: /");
	run(&c, "test $(ps -o pgid= $$) = $$", "", NULL);
	cr_expect_str_eq(c.why, "exit 0", "a process group of its own");

	/* As the courier is: all signals blocked. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	run(&c, "exec sed -n 's/^SigBlk:.//p;$q1' /proc/self/status >&2", "",
	    NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	cr_expect_str_eq(c.why, "exit 1: 0000000000000000");
}

Test(command, what_cannot_be_started_is_tried_again)
{
	static const struct {
		const char	*path;
		const char	*why;
	} cases[] = {
		{ "/nowhere/sms", "exit 75: cannot run /nowhere/sms: No such "
		    "file or directory" },
		{ "/etc/passwd", "exit 75: cannot run /etc/passwd: Permission "
		    "denied" },
		{ "/etc", "exit 75: cannot run /etc: Permission denied" },
	};
	struct command	 c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *const		 argv[] = {
		    (char *)(uintptr_t)cases[i].path, NULL };
		char *const		 envp[] = { NULL };
		struct command_plan	 plan = { .argv = argv, .envp = envp,
		    .input = "", .timeout = 1000 };

		command_start(&c, &plan);
		while (!command_ended(&c, NULL))
			poll(NULL, 0, 1);
		cr_expect_eq(c.state, COMMAND_AGAIN);
		cr_expect_str_eq(c.why, cases[i].why);
	}
}

Test(command, a_secret_is_in_no_complaint)
{
	static const char *const	secrets[] = { "Your code is 123456.",
	    "13128059851", "123456", "15", NULL };
	static const struct {
		const char	*said;
		const char	*why;
	} cases[] = {
		{ "no 123456 here", "exit 1: no *** here" },
		{ "123456123456", "exit 1: ******" },
		{ "Your code is 123456.", "exit 1: ***" },
		{ "+13128059851: refused at 15:00",
		    "exit 1: +***: refused at 15:00" },
	};
	struct command			 c;
	char				 script[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(script, sizeof(script), "echo '%s' >&2; exit 1",
		    cases[i].said);
		run(&c, script, "", secrets);
		cr_expect_str_eq(c.why, cases[i].why);
	}
	/* Cut in the middle, at every place. */
	for (int n = COMMAND_SAID_MAX - 10; n < COMMAND_SAID_MAX; n++) {
		snprintf(script, sizeof(script), "printf '%%0*d' %d 0 | "
		    "tr 0 1234 >&2; printf 123456 >&2; exit 1", n);
		run(&c, script, "", secrets);
		cr_expect_null(strstr(c.why, "12345"), "%s", c.why);
	}
}

/* As ps(1) has it; 'X' when it has gone. Who is to bury it may not do so. */
static char
process_state(int pid)
{
	char	 path[64], state = 'X';
	FILE	*f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%*d %*s %c", &state) != 1)
			state = 'X';
		fclose(f);
	}
	return state;
}

Test(command, what_it_leaves_running_is_killed)
{
	struct command	 c;
	int		 pid;

	run(&c, "sleep 99 & echo $! >&2; exit 1", "", NULL);
	cr_assert_eq(sscanf(c.why, "exit 1: %d", &pid), 1, "%s", c.why);
	for (int i = 0; i < 1000 && strchr("XZ", process_state(pid)) == NULL;
	    i++)
		poll(NULL, 0, 1);
	cr_expect(strchr("XZ", process_state(pid)) != NULL, "%c",
	    process_state(pid));
}

/* ---- the rest ---- */

Test(courier, a_pause_doubles_to_a_minute_and_is_never_the_same)
{
	for (unsigned attempt = 1; attempt < 40; attempt++) {
		int64_t	 base = attempt > 6 ? 60 : INT64_C(1) << (attempt - 1);
		int64_t	 first = delivery_pause(attempt);
		bool	 same = true;

		base = base > 60 ? 60 : base;
		for (int i = 0; i < 50; i++) {
			int64_t	 us = delivery_pause(attempt);

			cr_expect(us >= base * 750000 && us <= base * 1250000,
			    "%u: %lld", attempt, (long long)us);
			same &= us == first;
		}
		cr_expect_not(same);
	}
}

Test(courier, an_owner_is_dead_when_its_process_is)
{
	struct owner	 own;
	struct owner	 other;
	char		 name[OUTBOX_OWNER_MAX + 1];
	pid_t		 pid;
	int		 ends[2];

	owner_init(&own);
	cr_expect_eq(strncmp(own.name, own.system, strlen(own.system)), 0);
	cr_expect_eq(own.name[strlen(own.system)], ':');
	cr_expect_not(owner_dead(&own, own.name));
	/* Another process has the number now. */
	snprintf(name, sizeof(name), "%s:%ld.5@h", own.system, (long)getpid());
	cr_expect(owner_dead(&own, name));
	cr_expect_not(owner_dead(&own, own.system));
	snprintf(name, sizeof(name), "%s:x.1", own.system);
	cr_expect_not(owner_dead(&own, name));
	snprintf(name, sizeof(name), "%s:0.1", own.system);
	cr_expect_not(owner_dead(&own, name));
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		owner_init(&other);
		(void)!write(ends[1], other.name, sizeof(other.name));
		_exit(0);
	}
	cr_assert_eq(read(ends[0], name, sizeof(name)), sizeof(name));
	siginfo_t	 info;
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	cr_expect(owner_dead(&own, name), "ended, and not yet buried");
	waitpid(pid, NULL, 0);
	cr_expect(owner_dead(&own, name));
}

Test(courier, nobody_is_dead_of_whose_system_we_cannot_see_the_processes)
{
	struct owner	 own, other;
	char		 name[OUTBOX_OWNER_MAX + 1];

	owner_init(&own);
	/* Another machine of the same image: all but the boot is the same. */
	cr_assert_eq(setenv("ORDERMUX_BOOT_ID",
	    "0123456789abcdef0123456789ABCDEF", 1), 0);
	owner_init(&other);
	cr_expect_eq(strncmp(other.system, "0123456789abcdef", 16), 0);
	cr_expect(strcmp(own.system, other.system) != 0);
	snprintf(name, sizeof(name), "%s:%ld.5@h", other.system,
	    (long)getpid());
	cr_expect(owner_dead(&other, name));
	cr_expect_not(owner_dead(&own, name));
	/* Of an older version, or of a longer name than ours. */
	cr_expect_not(owner_dead(&own, "h:1.1"));
	snprintf(name, sizeof(name), "%s1:1.1", own.system);
	cr_expect_not(owner_dead(&own, name));
	/* Without an id there is one that nobody else has. */
	cr_assert_eq(setenv("ORDERMUX_BOOT_ID", "none", 1), 0);
	owner_init(&own);
	owner_init(&other);
	cr_expect(strcmp(own.system, other.system) != 0);
}

Test(courier, a_wake_is_seen_across_a_fork_and_once)
{
	struct pollfd	 fd = { .events = POLLIN };
	pid_t		 pid;

	outbox_signal_raise(3);
	cr_expect_eq(outbox_signal_take(), 0, "nobody is told where nobody listens");
	cr_assert(outbox_signal_init());
	fd.fd = outbox_signal_fd();
	cr_expect_eq(poll(&fd, 1, 0), 0);
	pid = fork();
	if (pid == 0) {
		outbox_signal_raise(0);
		outbox_signal_raise(63);
		outbox_signal_raise(64);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	cr_expect_eq(poll(&fd, 1, 0), 1);
	cr_expect_eq(outbox_signal_take(), UINT64_C(1) | UINT64_C(1) << 63);
	cr_expect_eq(poll(&fd, 1, 0), 0);
	cr_expect_eq(outbox_signal_take(), 0);
	outbox_signal_free();
}
