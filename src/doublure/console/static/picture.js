// The live picture: plays /live.flv, stays within two seconds of the newest picture, restarts after an error.
"use strict";

(() => {
  // delays behind the newest picture, seconds
  const TARGET = 0.6; // target; below about 0.4 a busy machine stutters
  const HURRY = 1.0; // above this it plays a little faster
  const JUMP = 1.8; // above this it jumps
  const KEPT_SECONDS = 20; // played picture kept in memory
  const STALL_SECONDS = 5; // it restarts after this long without progress
  const EDGE_SECONDS = 15; // how long a measurement of the live edge is valid
  const RETRY_SECONDS = [0.5, 1, 2, 4, 8];

  const video = document.getElementById("picture");
  const behind = document.getElementById("behind");
  const sound = document.getElementById("sound");
  const text = video.dataset;
  const seconds = () => performance.now() / 1000;

  let player = null;
  let tries = 0;
  let waiting = 0; // timer of the next restart
  let moved = { at: seconds(), to: 0 };
  let edges = []; // {at, offset}: newest picture minus our clock; the largest is the live edge

  function start() {
    stop();
    edges = [];
    moved = { at: seconds(), to: 0 };
    player = mpegts.createPlayer(
      { type: "flv", isLive: true, url: text.source, hasAudio: true, hasVideo: true },
      {
        enableStashBuffer: false,
        lazyLoad: false,
        deferLoadAfterSourceOpen: false,
        liveSync: true,
        liveSyncMaxLatency: HURRY,
        liveSyncTargetLatency: TARGET,
        liveSyncPlaybackRate: 1.15,
        liveBufferLatencyChasing: true,
        liveBufferLatencyMaxLatency: JUMP,
        liveBufferLatencyMinRemain: TARGET,
        autoCleanupSourceBuffer: true,
        autoCleanupMaxBackwardDuration: KEPT_SECONDS,
        autoCleanupMinBackwardDuration: KEPT_SECONDS / 2,
      },
    );
    player.on(mpegts.Events.ERROR, again);
    player.on(mpegts.Events.LOADING_COMPLETE, again);
    player.attachMediaElement(video);
    player.load();
    play();
  }

  function stop() {
    clearTimeout(waiting);
    waiting = 0;
    if (player) player.destroy();
    player = null;
  }

  function again() {
    if (waiting) return;
    if (offAir()) {
      stop();
      return;
    }
    const pause = RETRY_SECONDS[Math.min(tries++, RETRY_SECONDS.length - 1)];
    waiting = setTimeout(start, pause * 1000);
  }

  function play() {
    const playing = video.play();
    if (playing) playing.catch((error) => { if (error.name === "NotAllowedError") showSound(); });
  }

  function offAir() {
    return document.querySelector("#state [data-state]")?.dataset.state === "off";
  }

  // Delay of the shown picture behind the newest one. Data comes in bursts, so the newest picture is
  // extrapolated from the burst of the last seconds that reached furthest.
  function measure() {
    const now = seconds();
    const ranges = video.buffered;
    if (ranges.length) edges.push({ at: now, offset: ranges.end(ranges.length - 1) - now });
    edges = edges.filter((edge) => now - edge.at < EDGE_SECONDS);
    if (!edges.length || video.readyState < 2) return null;
    return Math.max(0, Math.max(...edges.map((edge) => edge.offset)) + now - video.currentTime);
  }

  function watchOver() {
    const now = seconds();
    if (video.currentTime !== moved.to) {
      moved = { at: now, to: video.currentTime };
      if (video.currentTime > 3) tries = 0;
    }
    const late = measure();
    const stalled = now - moved.at;
    if (offAir()) behind.textContent = "";
    else if (late === null || stalled > 2) behind.textContent = text.waiting;
    else behind.textContent = text.behind.replace("#", late.toFixed(1));
    behind.classList.toggle("warn", late === null || late > 2 || stalled > 2);
    behind.dataset.seconds = late === null ? "" : late.toFixed(2);
    if (!player || waiting || document.hidden) return;
    const end = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
    if (end - video.currentTime > 2 * JUMP) video.currentTime = end - TARGET;
    if (stalled > STALL_SECONDS && !offAir()) again();
  }

  function showSound() {
    const heard = !video.muted && !video.paused;
    const label = video.paused && video.muted && video.readyState > 2 ? text.play : heard ? text.soundOff : text.soundOn;
    sound.querySelector("span").textContent = label;
    sound.setAttribute("aria-pressed", String(heard));
    sound.classList.toggle("main", !heard);
  }

  sound.addEventListener("click", () => {
    video.muted = video.paused ? false : !video.muted;
    play();
    showSound();
  });
  for (const change of ["volumechange", "playing", "pause"]) video.addEventListener(change, showSound);
  video.addEventListener("loadedmetadata", () => {
    video.parentElement.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  });
  // do not load the picture while the page is hidden and muted
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && video.muted) stop();
    else if (!document.hidden && !player) start();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) start(); });

  mpegts.LoggingControl.enableAll = false;
  if (!mpegts.getFeatureList().mseLivePlayback) {
    behind.textContent = text.unsupported;
    sound.hidden = true;
    return;
  }
  start();
  setInterval(watchOver, 250);
})();
