import { z } from 'zod';
import { wireError } from './jobs.ts';

/**
 * Messages between this program and its child processes. Every child answers questions, and may send events while it
 * works on one. Each kind of child has a contract, with which both ends check their messages:
 * services/jobs/childProcess.ts starts it and asks, workers/serveChild.ts answers.
 */

/** One question that a child answers: its input, its answer, and the events during the work. */
export interface ChildCall<
  Question extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
  Event extends z.ZodType = z.ZodType,
> {
  readonly question: Question;
  readonly answer: Answer;
  readonly event: Event;
}

/** All messages to and from one kind of child process. */
export interface ChildContract {
  /** The child runs src/workers/<worker>.ts. */
  readonly worker: string;
  readonly calls: Readonly<Record<string, ChildCall>>;
  /** Messages that the child may get at any time, without an answer. */
  readonly notice: z.ZodType;
}

/** A question without events. */
export function childCall<Question extends z.ZodType, Answer extends z.ZodType>(
  question: Question,
  answer: Answer,
): ChildCall<Question, Answer, z.ZodNever>;
/** A question with events. */
export function childCall<Question extends z.ZodType, Answer extends z.ZodType, Event extends z.ZodType>(
  question: Question,
  answer: Answer,
  event: Event,
): ChildCall<Question, Answer, Event>;
export function childCall(question: z.ZodType, answer: z.ZodType, event: z.ZodType = z.never()): ChildCall {
  return { question, answer, event };
}

/** The contract of a kind of child; without `notice` the child only gets questions. */
export function childContract<const Calls extends Readonly<Record<string, ChildCall>>>(
  worker: string,
  calls: Calls,
): { worker: string; calls: Calls; notice: z.ZodNever };
export function childContract<const Calls extends Readonly<Record<string, ChildCall>>, Notice extends z.ZodType>(
  worker: string,
  calls: Calls,
  notice: Notice,
): { worker: string; calls: Calls; notice: Notice };
export function childContract(
  worker: string,
  calls: Readonly<Record<string, ChildCall>>,
  notice: z.ZodType = z.never(),
): ChildContract {
  return { worker, calls, notice };
}

export type CallsOf<Contract extends ChildContract> = keyof Contract['calls'] & string;
/** As the asking side passes it. */
export type QuestionOf<Contract extends ChildContract, Call extends CallsOf<Contract>> = z.input<
  Contract['calls'][Call]['question']
>;
export type AnswerOf<Contract extends ChildContract, Call extends CallsOf<Contract>> = z.output<
  Contract['calls'][Call]['answer']
>;
export type EventOf<Contract extends ChildContract, Call extends CallsOf<Contract>> = z.output<
  Contract['calls'][Call]['event']
>;
export type NoticeOf<Contract extends ChildContract> = z.input<Contract['notice']>;

/** To the child. The content is checked with the contract afterwards. */
export const toChild = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ask'), id: z.int(), call: z.string(), question: z.unknown() }),
  z.object({ type: z.literal('tell'), notice: z.unknown() }),
]);
export type ToChild = z.infer<typeof toChild>;

/** From the child; `id` is that of the question. */
export const fromChild = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), id: z.int(), event: z.unknown() }),
  z.object({ type: z.literal('answer'), id: z.int(), answer: z.unknown() }),
  z.object({ type: z.literal('refusal'), id: z.int(), error: wireError }),
]);
export type FromChild = z.infer<typeof fromChild>;
