const box = document.getElementById('error');

/**
 * Does it, and says on the page if it fails. What works clears the message of what failed before.
 * @param {() => Promise<unknown>} action
 */
export async function attempt(action) {
  try {
    await action();
    box.hidden = true;
  } catch (error) {
    box.textContent = error.message;
    box.hidden = false;
  }
}
