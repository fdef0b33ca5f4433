package main

import (
	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/spf13/cobra"
)

func (c *cli) whyCommand() *cobra.Command                                  { return &cobra.Command{Use: "why"} }
func (c *cli) remember(f buildFlags, in verify.Input, r *bot.Report) error { return nil }
