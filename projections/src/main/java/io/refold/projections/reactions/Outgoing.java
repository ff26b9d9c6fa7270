package io.refold.projections.reactions;

/**
 * A command that a process sends.
 *
 * @param to the id of the aggregate it is for
 * @param command the command
 * @param <C> the commands
 */
public record Outgoing<C>(String to, C command) {}
