// The host's page while recording: prompts, counts in and times each shot, and notes where it lies in
// the recording. Marks are in seconds from the beep.
"use strict";

(() => {
  const COUNT = 3;
  const SECOND_MS = 1000;
  const BREATH_MS = 700; // between the prompt's last word and the countdown
  const PROMPT_MS = 12000; // longest wait for the voice
  const LOADING_MS = 60000;
  const AHEAD = 8; // prompts fetched ahead: a slow voice has the minute of a talk for them
  const READ_MS = 2500; // without a voice: least time to read the instruction
  const TAIL_SECONDS = 1.5; // after a text, for a slow reader's last words
  const COUNTS_FROM = 0.5; // share of a shot after which "next" ends it instead of skipping it
  const BEEP_HZ = 1000;
  const BEEP_SECONDS = 0.3;
  const TICK_HZ = 660;
  const FLASH_MS = 350;
  const PACES = [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 1.75, 2];
  const ARC = 2 * Math.PI * 54; // circumference of the dial

  const element = (id) => document.getElementById(id);
  const given = JSON.parse(element("given").textContent);
  const { shots, phrases } = given;
  const KEY = `doublure-shots-${given.key}`;
  const body = document.body;
  // continues across a reload, unlike performance.now() alone
  const now = () => (performance.timeOrigin + performance.now()) / SECOND_MS;
  const fill = (phrase, values) => phrase.replace(/{(\w+)}/g, (_, name) => values[name]);
  const written = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  const title = (at) => {
    const same = shots.filter((shot) => shot.title === shots[at].title);
    return same.length > 1 ? `${shots[at].title}\u00a0${same.indexOf(shots[at]) + 1}` : shots[at].title;
  };

  // ---- state that survives a reload
  const fresh = () => ({ screen: "prepare", at: 0, sync: null, turns: {}, marks: {}, single: false });
  let kept = { ...fresh(), speed: 1, mirror: false, ticked: [], saved: true };
  try {
    kept = { ...kept, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    // without storage the page works but forgets everything on a reload
  }
  function keep(change) {
    Object.assign(kept, change);
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // see above
    }
  }

  // ---- sound
  let audio = null;
  let speaking = null;
  const spoken = new Map(); // index of the shot -> its prompt, or a promise of it
  function wakeSound() {
    audio ??= window.AudioContext ? new AudioContext() : null;
    if (audio && audio.state !== "running") audio.resume().catch(() => {});
  }
  function tone(hertz, seconds, loudness, at) {
    const source = audio.createOscillator();
    const gain = audio.createGain();
    source.frequency.value = hertz;
    gain.gain.setValueAtTime(loudness, at);
    gain.gain.setTargetAtTime(0, at + seconds, 0.004);
    source.connect(gain).connect(audio.destination);
    source.start(at);
    source.stop(at + seconds + 0.05);
  }
  function tick() {
    if (audio && audio.state === "running") tone(TICK_HZ, 0.04, 0.12, audio.currentTime);
  }
  function prompt(at) {
    if (!audio || !shots[at]) return Promise.resolve(null);
    if (!spoken.has(at)) {
      const address = `/prompt/${encodeURIComponent(shots[at].name)}.wav`;
      const loading = fetch(address, { signal: AbortSignal.timeout(LOADING_MS) })
        .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(answer.status))))
        .then((wav) => audio.decodeAudioData(wav))
        .catch(() => {
          spoken.delete(at); // fetched again next time
          return null;
        });
      spoken.set(at, loading);
    }
    return spoken.get(at);
  }
  let fetching = false;
  async function lookAhead() {
    if (fetching) return;
    fetching = true;
    let sound = true;
    for (let at = kept.at; sound && at < Math.min(kept.at + AHEAD, shots.length); at += 1) {
      sound = await prompt(at); // one by one: the voice synthesises one at a time
    }
    fetching = false;
  }
  function say(sound) {
    speaking = audio.createBufferSource();
    speaking.buffer = sound;
    speaking.connect(audio.destination);
    const said = new Promise((resolve) => {
      speaking.onended = resolve;
    });
    speaking.start();
    // a sound interrupted by a phone call never ends
    return Promise.race([said, sleep((sound.duration + 1) * SECOND_MS)]);
  }
  function hush() {
    if (speaking) speaking.stop();
    speaking = null;
  }

  // ---- the screen stays on
  let lock = null;
  async function stayAwake() {
    try {
      if (!lock || lock.released) lock = await navigator.wakeLock.request("screen");
    } catch {
      // not supported here; the checklist says so
    }
  }

  // ---- steps, each cancelled by the next
  let turn = 0;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  function breakOff() {
    turn += 1;
    hush();
    return turn;
  }

  // ---- screens
  function show(screen) {
    body.dataset.screen = screen;
    element("prepare").hidden = screen !== "prepare";
    element("sync").hidden = screen !== "sync";
    element("stage").hidden = screen !== "count" && screen !== "shot";
    element("count").hidden = screen !== "count";
    const reads = screen === "shot" && shots[kept.at].text.length > 0;
    element("read").hidden = !reads;
    element("hold").hidden = screen !== "shot" || reads;
    element("end").hidden = screen !== "end";
    keep({ screen });
    window.scrollTo(0, 0);
  }

  function begin() {
    wakeSound();
    stayAwake();
    lookAhead();
    show("sync");
  }

  // the camera records flash and beep: second 0 of the marks
  async function sync() {
    if (!element("flash").hidden) return;
    wakeSound();
    const mine = breakOff();
    const flash = element("flash");
    flash.className = "";
    flash.hidden = false;
    for (let left = COUNT; left > 0; left -= 1) {
      element("flash-number").textContent = left;
      tick();
      await sleep(SECOND_MS);
      if (mine !== turn) return;
    }
    element("flash-number").textContent = "";
    let late = 0; // output latency: the loudspeaker plays the beep later
    if (audio && audio.state === "running") {
      tone(BEEP_HZ, BEEP_SECONDS, 0.9, audio.currentTime);
      late = audio.outputLatency || audio.baseLatency || 0;
    }
    flash.className = "white";
    keep({ sync: now() + late, turns: {}, marks: {}, single: false, saved: true });
    await sleep(FLASH_MS);
    flash.hidden = true;
    countIn(0);
  }

  // ---- count-in: the only place where the page speaks
  let held = false; // stopped, waiting for "go on"
  async function countIn(at, speak = true) {
    const mine = breakOff();
    const shot = shots[at];
    held = false;
    running = null;
    element("paused").className = "";
    element("paused").textContent = phrases.paused;
    keep({ at });
    element("count-title").textContent = title(at);
    element("count-text").textContent = shot.instruction;
    element("count-silent").textContent = shot.kind === "gesture" ? given.silent : "";
    element("count-note").hidden = true;
    element("count-number").textContent = "";
    show("count");
    prepareShot(at);
    paint();
    if (speak) {
      await announce(at, mine);
      if (mine !== turn) return;
      await sleep(BREATH_MS);
    }
    if (mine !== turn || !(await countDown(mine, element("count-number")))) return;
    roll(at);
  }
  async function announce(at, mine) {
    const sound = await Promise.race([prompt(at), sleep(PROMPT_MS)]);
    if (mine !== turn) return;
    if (sound && audio.state === "running") {
      await say(sound);
      return;
    }
    element("count-note").hidden = false;
    const { title: heading, instruction } = shots[at];
    await sleep(Math.max(READ_MS, ((heading.length + instruction.length) / given.reading) * SECOND_MS));
  }
  async function countDown(mine, target) {
    for (let left = COUNT; left > 0; left -= 1) {
      target.textContent = left;
      tick();
      await sleep(SECOND_MS);
      if (mine !== turn) return false;
    }
    return true;
  }

  // ---- a shot
  let running = null; // {start, position, last, tail, pauses, stopped}: the turn being recorded
  function prepareShot(at) {
    const shot = shots[at];
    const text = element("text");
    text.replaceChildren(
      ...shot.text.map((sentence) => {
        const line = document.createElement("p");
        line.textContent = sentence;
        return line;
      }),
    );
    element("hold-title").textContent = title(at);
    element("hold-text").textContent = shot.instruction;
    element("hold-silent").textContent = shot.kind === "gesture" ? given.silent : "";
    const picture = element("hold-picture");
    picture.hidden = !shot.picture;
    if (shot.picture) picture.src = shot.picture;
    body.dataset.kind = shot.kind;
  }
  function roll(at) {
    const { name } = shots[at];
    const start = now();
    running = { start, last: start, position: 0, tail: 0, pauses: [], stopped: null };
    keep({ turns: { ...kept.turns, [name]: (kept.turns[name] || 0) + 1 } });
    show("shot");
    paint();
    lookAhead();
    requestAnimationFrame(frame);
  }
  function frame() {
    if (!running || body.dataset.screen !== "shot") return;
    const at = now();
    const passed = at - running.last;
    running.last = at;
    if (running.stopped === null) {
      const shot = shots[kept.at];
      running.position += passed * (shot.text.length ? kept.speed : 1);
      if (running.position >= shot.seconds) {
        running.tail += passed;
        running.position = shot.seconds;
        if (!shot.text.length || running.tail >= TAIL_SECONDS) {
          finish();
          return;
        }
      }
    }
    paint();
    requestAnimationFrame(frame);
  }
  function finish() {
    const { name, kind } = shots[kept.at];
    const { start, pauses, stopped } = running;
    const second = (when) => Number(Math.max(0, when - kept.sync).toFixed(3));
    const mark = {
      name,
      kind,
      start: second(start),
      end: second(stopped ?? now()),
      redone: kept.turns[name] - 1,
      pauses: pauses.map((pause) => ({ start: second(pause.start), end: second(pause.end) })),
    };
    keep({ marks: { ...kept.marks, [name]: mark }, saved: false });
    goTo(kept.at + 1);
  }
  function goTo(at) {
    running = null;
    if (kept.single || at >= shots.length) {
      breakOff();
      keep({ single: false });
      paintEnd();
      show("end");
    } else {
      countIn(Math.max(0, at));
    }
  }

  // ---- orders
  function toggle() {
    if (!element("resume").hidden) return;
    wakeSound();
    stayAwake();
    const screen = body.dataset.screen;
    if (screen === "count") {
      if (held) {
        countIn(kept.at, false);
      } else {
        breakOff();
        held = true;
        element("count-number").textContent = "";
      }
    } else if (running && running.stopped === null) {
      running.stopped = now();
      breakOff();
    } else if (running) {
      goOn();
      return;
    }
    paint();
  }
  // the host must be back in place before the pause ends
  async function goOn() {
    const mine = breakOff();
    const badge = element("paused");
    const again = badge.classList.toggle("number");
    badge.textContent = phrases.paused;
    paint();
    if (!again || !(await countDown(mine, badge))) return; // pressed again: stay paused
    badge.className = "";
    badge.textContent = phrases.paused;
    running.pauses.push({ start: running.stopped, end: now() });
    running.stopped = null;
    paint();
  }
  const counting = () => element("paused").classList.contains("number");
  // past this share of the shot "next" ends it; before, it skips it
  const counts = () => {
    if (!running) return false;
    return running.position >= shots[kept.at].seconds * COUNTS_FROM;
  };
  function next() {
    if (counts()) finish();
    else goTo(kept.at + 1);
  }
  function previous() {
    countIn(running ? kept.at : Math.max(0, kept.at - 1));
  }
  function pace(step) {
    const at = PACES.indexOf(kept.speed);
    keep({ speed: PACES[Math.min(PACES.length - 1, Math.max(0, at + step))] });
    paint();
  }
  function mirror() {
    keep({ mirror: !kept.mirror });
    paint();
  }
  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  }

  // ---- scrolling the text by wheel or finger
  function drag(pixels) {
    if (!running || element("read").hidden) return;
    const scale = shots[kept.at].seconds / Math.max(1, element("text").offsetHeight);
    const to = running.position + pixels * scale;
    running.position = Math.min(shots[kept.at].seconds - 0.01, Math.max(0, to));
    running.tail = 0;
    paint();
  }
  let finger = null;
  const glass = element("glass");
  glass.addEventListener("wheel", (event) => drag(event.deltaY), { passive: true });
  glass.addEventListener("pointerdown", (event) => {
    finger = event.clientY;
  });
  window.addEventListener("pointermove", (event) => {
    if (finger === null) return;
    drag(finger - event.clientY);
    finger = event.clientY;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, () => {
      finger = null;
    });
  }

  // ---- painting
  function strip() {
    element("strip").replaceChildren(
      ...shots.map((shot) => {
        const part = document.createElement("i");
        part.style.flexGrow = shot.seconds;
        part.append(document.createElement("b"));
        return part;
      }),
    );
  }
  function paint() {
    if (element("stage").hidden) return;
    const shot = shots[kept.at];
    const position = running ? running.position : 0;
    const before = shots.slice(0, kept.at).reduce((sum, one) => sum + one.seconds, 0);
    const all = shots.reduce((sum, one) => sum + one.seconds, 0);
    const stopped = held || (running !== null && running.stopped !== null);
    body.toggleAttribute("data-stopped", stopped);
    element("paused").hidden = !stopped;
    element("shot-title").textContent = title(kept.at);
    element("shot-number").textContent = fill(phrases.shot_of, { n: kept.at + 1, count: shots.length });
    element("shot-clock").textContent = `${written(position)}/${written(shot.seconds)}`;
    element("whole-clock").textContent = `${written(before + position)}/${written(all)}`;
    [...element("strip").children].forEach((part, at) => {
      part.className = at === kept.at ? "here" : kept.marks[shots[at].name] ? "there" : "";
      part.firstChild.style.width = at === kept.at ? `${(100 * position) / shot.seconds}%` : "";
    });
    label("toggle", stopped && !counting() ? phrases.go_on : phrases.pause);
    label("previous", running ? phrases.again : phrases.previous);
    label("next", counts() ? phrases.done : phrases.skip);
    element("previous").disabled = !running && kept.at === 0;
    element("speed").textContent = `${String(kept.speed).padEnd(3, kept.speed === 1 ? ".0" : "0")}×`;
    element("pace").classList.toggle("away", shot.text.length === 0);
    element("mirror").setAttribute("aria-pressed", kept.mirror);
    glass.classList.toggle("mirrored", kept.mirror);
    if (!element("read").hidden) paintText(shot, position);
    element("hold-number").textContent = Math.ceil(shot.seconds - position);
    element("arc").style.strokeDasharray = ARC;
    element("arc").style.strokeDashoffset = (ARC * position) / shot.seconds;
  }
  function label(id, text) {
    const span = element(id).querySelector("span");
    if (span.textContent !== text) span.textContent = text;
  }
  // each sentence gets time in proportion to its characters; the text passes the mark at that pace
  function paintText(shot, position) {
    const lines = [...element("text").children];
    const characters = shot.text.reduce((sum, sentence) => sum + sentence.length, 0);
    let left = (position / shot.seconds) * characters;
    let at = 0;
    while (at < lines.length - 1 && left >= shot.text[at].length) {
      left -= shot.text[at].length;
      at += 1;
    }
    lines.forEach((line, number) => {
      line.className = number === at ? "lit" : number < at ? "past" : "";
    });
    const part = Math.min(1, left / shot.text[at].length);
    const line = lines[at];
    const y = line.offsetTop + part * line.offsetHeight;
    element("text").style.transform = `translateY(${-y}px)`;
  }
  function paintEnd() {
    const marks = Object.values(kept.marks);
    const missing = shots.length - marks.length;
    const whole = marks.reduce((sum, mark) => sum + mark.end - mark.start, 0);
    element("end-title").textContent = missing
      ? fill(phrases.end_missing, { count: missing, all: shots.length })
      : phrases.end_title;
    element("end-clock").textContent = written(whole);
    element("end-count").textContent = `${marks.length}/${shots.length}`;
    element("takes").replaceChildren(...shots.map((shot, at) => takeRow(shot, at)));
    element("download").disabled = marks.length === 0;
  }
  function takeRow(shot, at) {
    const mark = kept.marks[shot.name];
    const row = document.createElement("li");
    const name = document.createElement("b");
    const when = document.createElement("span");
    const button = document.createElement("button");
    name.textContent = title(at);
    when.textContent = mark ? `${written(mark.start)} – ${written(mark.end)}` : phrases.missing;
    row.className = mark ? "" : "absent";
    button.className = "button";
    button.type = "button";
    button.textContent = mark ? phrases.redo : phrases.record;
    button.setAttribute("aria-label", `${button.textContent}: ${title(at)}`);
    button.dataset.redo = shot.name;
    button.addEventListener("click", () => {
      wakeSound();
      stayAwake();
      keep({ single: true });
      countIn(at);
    });
    row.append(name, when, button);
    return row;
  }

  // ---- marks
  function download() {
    const marks = {
      format: "doublure-marks-1",
      language: given.language,
      words: given.words,
      shots: shots.map((shot) => kept.marks[shot.name]).filter(Boolean),
    };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(
      new Blob([`${JSON.stringify(marks, null, 1)}\n`], { type: "application/json" }),
    );
    link.download = "doublure-marks.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SECOND_MS);
    keep({ saved: true });
  }
  function startOver() {
    keep({ ...fresh(), saved: true });
    show("prepare");
  }

  // ---- buttons and keys
  const presses = {
    begin, rolling: sync, toggle, next, previous, mirror, full: fullScreen, download,
    slower: () => pace(-1),
    faster: () => pace(1),
    "start-over": () => element("ask").showModal(),
    "resume-button": () => {
      element("resume").hidden = true;
      wakeSound();
      stayAwake();
      countIn(kept.at);
    },
  };
  for (const [id, press] of Object.entries(presses)) element(id).addEventListener("click", () => press());
  element("ask").addEventListener("close", () => {
    if (element("ask").returnValue === "yes") startOver();
    element("ask").returnValue = "";
  });
  const keys = {
    " ": toggle, ArrowRight: next, ArrowLeft: previous, PageDown: next, PageUp: previous,
    "+": () => pace(1), "=": () => pace(1), "-": () => pace(-1), "_": () => pace(-1),
    m: mirror, f: fullScreen,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || element("ask").open) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const screen = body.dataset.screen;
    if (key === "f" && !element("full").hidden && screen !== "count" && screen !== "shot") fullScreen();
    if (screen === "prepare" || screen === "sync") {
      const elsewhere = event.target === body;
      if (key === " " && elsewhere && !event.repeat) {
        event.preventDefault();
        if (screen === "prepare") begin();
        else sync();
      }
      return;
    }
    if (screen === "end" || !keys[key] || !element("resume").hidden) return;
    event.preventDefault(); // the space bar would also press the last clicked button
    if (!event.repeat || key === "+" || key === "-") keys[key]();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      if (kept.sync !== null && body.dataset.screen !== "end") stayAwake();
    } else if ((body.dataset.screen === "count" && !held) || (running && running.stopped === null)) {
      toggle(); // nobody reads a hidden page
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (!kept.saved) event.preventDefault();
  });
  [...document.querySelectorAll(".advice input")].forEach((box, at) => {
    box.checked = kept.ticked.includes(at);
    box.addEventListener("change", () => {
      keep({ ticked: box.checked ? [...kept.ticked, at] : kept.ticked.filter((one) => one !== at) });
    });
  });

  // ---- start, or resume after a reload
  element("stay-awake").hidden = "wakeLock" in navigator;
  element("full").hidden = !document.fullscreenEnabled;
  strip();
  if (kept.screen === "end") {
    paintEnd();
    show("end");
  } else if (kept.sync !== null && (kept.screen === "count" || kept.screen === "shot")) {
    prepareShot(kept.at);
    show("count");
    element("resume").hidden = false;
    paint();
  } else {
    show(kept.screen === "sync" ? "sync" : "prepare");
  }
})();
