
"use strict";
/* Looks again every two seconds, and puts what has changed in its place. The page is complete
   without; nothing is asked but the page itself. */
(() => {
	const period = 2000;
	const part = (id, from = document) => from.getElementById(id);
	let paused = false;

	/* What a person has just marked to copy stays as it is. */
	const isMarked = (element) => {
		const selection = document.getSelection();
		return !selection.isCollapsed && selection.containsNode(element, true);
	};

	const take = (fresh) => {
		document.title = fresh.title;
		document.documentElement.className = fresh.documentElement.className;
		document.querySelector("link").href = fresh.querySelector("link").href;
		for (const id of ["state", "subjects", "history", "incident", "made"]) {
			const old = part(id);
			const now = part(id, fresh);
			if (old.innerHTML !== now.innerHTML && !isMarked(old))
				old.replaceChildren(...document.adoptNode(now).childNodes);
		}
	};

	const look = async () => {
		if (paused || document.hidden)
			return;
		try {
			const answer = await fetch(location.pathname, { cache: "no-store" });
			take(new DOMParser().parseFromString(await answer.text(), "text/html"));
			part("lost").hidden = true;
		} catch {
			part("lost").hidden = false;
		}
	};

	/* Without a secure origin, by an address that is not loopback, there is no clipboard. */
	const copy = async () => {
		const text = part("incident").textContent;
		let done = true;
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			document.getSelection().selectAllChildren(part("incident"));
			done = document.execCommand("copy");
		}
		part("copied").textContent = done ? "Copied." : "Marked: copy it with your keyboard.";
	};

	const pause = () => {
		paused = !paused;
		part("pause").setAttribute("aria-pressed", paused);
		look();
	};

	part("copy").hidden = part("pause").hidden = false;
	part("copy").addEventListener("click", copy);
	part("pause").addEventListener("click", pause);
	document.addEventListener("visibilitychange", look);
	setInterval(look, period);
})();
