/** Where people are led who are told of a request: a page of approvals that decides nothing. */
export class RequestLinks {
  /** @param approvals address of approvals as people reach it */
  constructor(private readonly approvals: string) {}

  to(actionId: string): string {
    return `${this.approvals}/requests/${actionId}`;
  }
}
