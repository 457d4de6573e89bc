# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors
#
# See check-schema, which runs it.

import glob
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SOURCE, BRBD = sys.argv[1:3]
PATIENCE = 2 * float(os.environ.get("DIALOG_TIMEOUT", "10"))
schema = json.load(open(SOURCE + "/src/json/brbd-json.schema.json"))
defs = schema["$defs"]
failures = []


def complain(text):
    failures.append(text)
    print(text)


# The sources, the schema and the manual

def read(pattern):
    return "".join(open(name).read()
                   for name in sorted(glob.glob(SOURCE + "/" + pattern)))


def names(prefix):
    return {name[len(prefix):] for name in defs if name.startswith(prefix)}


def members(value):
    found = set()
    if isinstance(value, dict):
        found |= set(value.get("properties", ()))
        for inner in value.values():
            found |= members(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= members(inner)
    return found


def compare(what, sources, described):
    for name in sorted(sources - described):
        complain("%s %s: in the sources, and not in the schema" % (what, name))
    for name in sorted(described - sources):
        complain("%s %s: in the schema, and not in the sources" % (what, name))


def check_sources():
    commands = set(re.findall(r'^COMMAND\(\w+, "(\w+)"',
                              read("src/json/commands.def"), re.M))
    compare("request", commands, names("request-"))
    compare("answer", commands - {"ack"}, names("done-"))

    code = read("src/json/*.c")
    events = set(re.findall(r'^\t\treturn "([a-z]+)";',
                            read("src/json/jsonl-event.c"), re.M))
    events |= {"msg-repeats", "msg-kept"}
    events |= set(re.findall(r'jsonl_begin\(s, "event",\s+"(\w+)"', code))
    events |= set(re.findall(r'(?:session_tell|jsonl_tell)\(s, "(\w+)"', code))
    events |= set(re.findall(r'\\"event\\":\\"(\w+)', code))
    events |= set(re.findall(r'json_text\(&?j, "event", "(\w+)"\)', code))
    compare("event", events, names("event-"))

    # What a function returns is the word for an error, but for events.
    errors = set(re.findall(r'jsonl_failed\(\s*[\w>-]+, &?[\w>-]+,\s+'
                            r'"([a-z-]+)"', code))
    others = re.sub(r"(?s)event_name\(const.*?\n}\n", "", code)
    errors |= set(re.findall(r'return "([a-z]+-[a-z-]+|secret|banned|insecure|'
                             r'forbidden)";', others))
    words = set(defs["failed"]["properties"]["error"]["examples"])
    compare("error", errors, words)

    sent = set(re.findall(r'json_\w+\(&?j, "(\w+)"', code))
    sent |= set(re.findall(r'jsonl_add_\w+\(j, "(\w+)"', code))
    sent |= set(re.findall(r'jsonl_begin\w*\(s, "(\w+)"', code))
    sent |= {"done", "failed", "event", "token"}
    compare("sent member", sent,
            members([d for n, d in defs.items()
                     if not n.startswith("request-")]))
    taken = set(re.findall(r'(?:json_object_get\(rq[.>-]+object|'
                           r'jsonl_has\(&?rq|'
                           r'jsonl_(?:member|number)\(s, rq|jsonl_label\(&?rq),'
                           r'\s*"(\w+)"', code))
    compare("taken member", taken | commands,
            members([d for n, d in defs.items() if n.startswith("request-")]))

    manual = read("man/brbd-json.7.in")
    table = read("src/json/commands.def")
    for name in sorted(members(defs)):
        if not re.search(r'(?m)^\.(It Cm|Ql|Cm) .*\b%s\b|"%s\\?"' %
                         (name, name), manual) and \
           '"%s' % name not in table and '\\"%s' % name not in table:
            complain("man/brbd-json.7: %s is in the schema, and not there" %
                     name)


# Validation: what of JSON Schema the schema uses. strict: an object may have no
# member that its description does not have.

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        return isinstance(value, (int, float)) and \
            not isinstance(value, bool) and \
            (name == "number" or value == int(value))
    return isinstance(value, TYPES[name])


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


KNOWN = {"$ref", "$schema", "$id", "$comment", "$defs", "title", "description",
         "examples", "type", "const", "enum", "pattern", "minLength",
         "maxLength", "minimum", "required", "properties", "items", "anyOf"}


def is_valid(value, rule):
    if isinstance(rule, bool):
        return rule
    if not set(rule) <= KNOWN:
        sys.exit("the schema uses %s, which is not checked" %
                 (set(rule) - KNOWN))
    if "$ref" in rule and \
       not is_valid(value, defs[rule["$ref"][len("#/$defs/"):]]):
        return False
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_type(value, kind) for kind in kinds):
        return False
    if "const" in rule and not same(value, rule["const"]):
        return False
    if "enum" in rule and not any(same(value, e) for e in rule["enum"]):
        return False
    if "anyOf" in rule and not any(is_valid(value, r) for r in rule["anyOf"]):
        return False
    if isinstance(value, str) and \
       (not rule.get("minLength", 0) <= len(value) <=
            rule.get("maxLength", len(value)) or
            not re.search(rule.get("pattern", ""), value)):
        return False
    if is_type(value, "number") and value < rule.get("minimum", value):
        return False
    if isinstance(value, list) and "items" in rule:
        return all(is_valid(item, rule["items"]) for item in value)
    if isinstance(value, dict) and "properties" in rule:
        return set(rule.get("required", ())) <= set(value) and \
            all(name in rule["properties"] and
                is_valid(item, rule["properties"][name])
                for name, item in value.items())
    return True


def check_validation():
    for what, value, wanted in (
            ("request", {"say": "x"}, True),
            ("request", {"say": 7}, False),
            ("request", {"say": "x", "kind": "song"}, False),
            ("request", {"say": "x", "unknown": 1}, False),
            ("request", {"history": "a", "after": True}, False),
            ("request", {"history": "a", "after": -1}, False),
            ("answer", {"done": "ping", "ping": "x"}, True),
            ("answer", {"done": "ping"}, False),
            ("answer", {"done": "skip", "skipped": 1.5}, False),
            ("event", {"event": "live", "room": "a"}, True),
            ("event", {"event": "ask", "token": "12x"}, False),
            ("event", {"event": "people", "room": "a", "more": False,
                       "people": [{"op": True}]}, False)):
        if is_valid(value, defs[what]) != wanted:
            complain("%s %s: valid is %s" % (what, value, not wanted))
    try:
        import jsonschema
        jsonschema.Draft202012Validator.check_schema(schema)
    except (ImportError, AttributeError):
        print("jsonschema is missing: only our own validation is used "
              "(Debian: python3-jsonschema)")


# What is said

class Client:
    seen = {}

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.data = b""
        self.nick = None

    def next(self):
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.data:
            left = end - time.monotonic()
            if left <= 0 or \
               not select.select([self.socket], [], [], left)[0]:
                sys.exit("nothing comes")
            more = self.socket.recv(65536)
            if not more:
                return None
            self.data += more
        line, self.data = self.data.split(b"\n", 1)
        answer = json.loads(line)
        what = "event" if "event" in answer else "answer"
        kind = next((k for k in ("event", "done", "failed") if k in answer),
                    "")
        Client.seen.setdefault((kind, answer.get(kind)), answer)
        if not is_valid(answer, defs[what]):
            complain("not valid: %s" % answer)
        if answer.get("event") == "ask" and self.nick:
            self.send({"ack": answer["token"]})
        return answer

    def send(self, request):
        if not is_valid(request, defs["request"]):
            complain("not valid: %s" % request)
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def ask(self, **request):
        request = {k.rstrip("_"): v for k, v in request.items()}
        self.send(request)
        while True:
            answer = self.next()
            if answer is None or "event" not in answer:
                return answer

    def until(self, event):
        while True:
            answer = self.next()
            if answer is None or answer.get("event") == event:
                return answer


def talk(path):
    key = "SHA256:uNiVztksCsDhcc0u9e8B"
    ana, bob = Client(path), Client(path)
    ana.ask(ssh=key)
    ana.ask(ref="1", client="0123456789abcdef")
    for client, nick in ((ana, "ana"), (bob, "bob")):
        client.nick = nick
        client.ask(nick=nick)
        client.ask(join="lobby")
        client.until("live")
    ana.ask(say="one", id="1")
    ana.ask(say="one", id="1", ref="x")
    ana.ask(say="waves", kind="me", room="lobby")
    ana.ask(say="beep", kind="notice", room=None)
    ana.ask(topic="news")
    ana.ask(topic=None)
    ana.ask(msg="bob", text="psst", kind="me")
    bob.until("msg")
    bob.ask(join="den")
    bob.ask(join="attic", after="0")
    bob.ask(invite="ana", room="den")
    ana.until("invite")
    ana.ask(join="den", key="none")
    bob.ask(mode="+v ana", room="den")
    bob.ask(mode=None, room="den")
    bob.ask(ban="ana", room="den")
    bob.ask(mode="b", room="den")
    bob.ask(ban=None, room="den")
    bob.ask(unban="ana", room="den")
    bob.ask(who="den")
    bob.ask(kick="ana", room="den", text="out")
    ana.until("kick")
    bob.ask(rooms=True)
    bob.ask(conversations=True)
    ana.ask(history="lobby", limit=2)
    ana.ask(history="lobby", before=3, limit="1")
    ana.ask(history="lobby", after="0")
    ana.ask(search="ONE")
    ana.ask(search="one", room="lobby", from_="ana", before="5", limit=3)
    ana.ask(ignore="eve")
    ana.ask(ignore=None)
    ana.ask(unignore="eve")
    ana.ask(accept="anyone")
    ana.ask(accept=None)
    ana.ask(away="lunch")
    ana.ask(away=None)
    ana.ask(help=True)
    ana.ask(account=True)
    ana.ask(register="correct horse")
    ana.ask(account="token")
    ana.ask(account="alias", name="anna")
    ana.ask(account=None)
    ana.ask(ping="x")
    ana.ask(skip="lobby")
    ana.ask(say="")
    ana.ask(say="x", room="nowhere", id="2")
    ana.socket.sendall(b"no object\n")
    ana.next()

    # What is missed on a break, in another room, and for ever.
    bob.ask(leave="den", text="bye")
    bob.ask(brb="tea")
    ana.ask(msg="bob", text="later")
    for i in range(5):
        ana.ask(say="number %d" % i)
    bob.send({"back": True})
    bob.until("msg-kept")
    bob.until("live")
    ana.ask(join="den")
    ana.ask(say="for bob", room="den")
    bob.ask(quit="gone")
    bob.until("bye")
    ana.ask(msg="bob", text="for later")
    ana.ask(history="@bob", limit=1)
    bob = Client(path)
    bob.ask(join="lobby")
    bob.ask(nick="bob")
    bob.until("waiting")
    bob.ask(history="@ana")
    for i in range(400):
        ana.ask(say="%d %s" % (i, 150 * "x"), room="lobby")
    bob.ask(leave="lobby")
    bob.send({"join": "lobby", "after": "1"})
    bob.until("gap")
    bob.until("live")
    bob.ask(leave="lobby")
    # Both at once, or the catch-up is over by then.
    bob.socket.sendall(b'{"join":"lobby","after":"100"}\n{"skip":"lobby"}\n')
    while "skipped" not in bob.ask(ping="x"):
        pass
    while "ping" not in bob.next():
        pass
    ana.ask(nick="anna")
    bob.until("nick")

    # What was handed over, and never read.
    ana.ask(msg="bob", text="did you see this?")
    ana.ask(say="and this?", room="lobby")
    ana.ask(ping="x")
    bob.socket.close()
    ana.until("quit")
    bob = Client(path)
    bob.nick = "bob"
    bob.ask(nick="bob")
    ana.ask(say="this is new", room="lobby")
    bob.ask(join="lobby")
    bob.until("live")
    for i in range(80):
        ana.ask(say=300 * "y", room="lobby")
    bob.until("ask")
    token = ana.ask(account="token")["token"]
    other = Client(path)
    other.ask(login="ana", password=token)
    other.ask(nick="anna")
    ana.ask(devices=None)
    ana.ask(devices="anna", end=9)
    ana.ask(read="lobby", number="1")
    other.until("read")
    ana.ask(brb="tea")
    other.ask(brb=True, all=True)
    ana.ask(back=True)
    other.ask(back=True)
    ana.ask(brb="tea", all=True)
    other.until("break")
    ana.ask(back=True, all=True)
    other.until("back")
    other.ask(quit=True)
    ana.ask(quit=True)
    ana = Client(path)
    ana.ask(login="ana", password="wrong horse")
    ana.ask(login="ana", password=token, token=True)
    return ana, bob


# The bot of the manual, at that port.
def check_bot(path, port):
    text = read("man/brbd-json.7.in")
    text = text[text.index("A bot in Python"):]
    code = re.search(r"(?s)\n\.Bd[^\n]*\n(.*?)\n\.Ed\n", text).group(1)
    bot = subprocess.Popen([sys.executable, "-c", code.replace("4272", port)])
    try:
        ana = Client(path)
        ana.nick = "ana"
        ana.ask(join="lobby")
        while ana.until("join")["nick"] != "parrot":
            pass
        ana.ask(say="!say hello")
        answer = ana.until("say")
        if (answer["nick"], answer["text"]) != ("parrot", "hello"):
            complain("the manual's bot says %s" % answer)
        ana.ask(quit=True)
    finally:
        bot.kill()
        bot.wait()


def check_talk():
    directory = tempfile.mkdtemp()
    path = directory + "/s"
    open(directory + "/settings", "w").close()
    daemon = subprocess.Popen(
        [BRBD, "-f", directory + "/settings", "-l", "unix:%s,json" % path,
         "-l", "127.0.0.1:0",
         "-o", "line-rate=0", "-o", "announce-rate=0", "-o", "register=anyone",
         "-o", "max-line=512", "-o", "history-size=64K",
         "-o", "departure-delay=0", "-o", "trusted-ssh=uid:%d" % os.getuid()],
        stderr=subprocess.PIPE, text=True)
    try:
        log = ""
        for line in daemon.stderr:
            log += line
            if "ready:" in line:
                break
        else:
            sys.exit("the daemon does not get ready: " + log)
        port = re.search(r"listening on 127\.0\.0\.1:(\d+)", log).group(1)
        check_bot(path, port)
        clients = talk(path)
        daemon.terminate()
        for client in clients:
            client.until("bye")
    finally:
        daemon.terminate()
        daemon.communicate()
        shutil.rmtree(directory)
    for name in sorted(names("event-") - {"refused"}):
        if ("event", name) not in Client.seen:
            complain("event %s: was never seen" % name)
    for name in sorted(names("done-")):
        if ("done", name) not in Client.seen:
            complain("answer %s: was never seen" % name)
    print("%d kinds of objects were seen" % len(Client.seen))


check_sources()
check_validation()
check_talk()
sys.exit(1 if failures else 0)
