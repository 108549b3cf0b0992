import type { NovuActivity, NovuMessageRecord } from "../contracts/novu.ts";

/** All messages of these runs, read page by page. */
export async function allMessages(
  transactionIds: string[],
  read: NovuActivity["messages"],
): Promise<NovuMessageRecord[]> {
  const found: NovuMessageRecord[] = [];
  for (let page = 0, hasMore = true, before = ""; hasMore; page += 1) {
    const { messages, hasMore: isMore } = await read(transactionIds, page);
    // A version of Novu without pages answers each request with the first page.
    const answer = JSON.stringify(messages);
    if (answer === before) break;
    found.push(...messages);
    hasMore = isMore && messages.length > 0;
    before = answer;
  }
  return found;
}
