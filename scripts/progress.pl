#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Reads what cargo writes on its terminal and shows one line: crates done of all, time gone. All else that
# cargo says passes through. Used by `pvs_cargo` of env.sh on a terminal only.
use strict;
use warnings;
use IO::Select;

$| = 1;
my $start = time;
my $width = $ENV{COLUMNS} || 80;
my ($done, $all, $names) = (0, 0, '');
my $shown = '';
my $buffer = '';
my $input = IO::Select->new(\*STDIN);

sub show {
	return unless $all;
	my $gone = time - $start;
	my $line = sprintf '%4d of %d crates, %d min %02d s: %s', $done, $all, $gone / 60, $gone % 60, $names;
	$line = substr $line, 0, $width - 1;
	return if $line eq $shown;
	print "\r\e[K$line";
	$shown = $line;
}

sub take {
	my ($text) = @_;
	my $plain = $text =~ s/\e\[[0-9;?]*[A-Za-z]//gr;
	if ($plain =~ m{^\s*Building.*?(\d+)/(\d+)(?:: (.*))?$}) {
		($done, $all, $names) = ($1, $2, $3 // '');
		show();
	} elsif ($plain =~ /\S/) {
		print "\r\e[K" if $shown;
		$shown = '';
		# A crate that is being compiled stands in the line already.
		print "$text\n" unless $plain =~ /^\s*(?:Compiling|Checking|Fresh|Downloaded) /;
	}
}

while (1) {
	unless ($input->can_read(1)) {
		show();
		next;
	}
	my $read = sysread STDIN, my $chunk, 65536;
	last unless $read;
	$buffer .= $chunk;
	while ($buffer =~ s/^([^\r\n]*)[\r\n]//) {
		take($1);
	}
}
take($buffer);
print "\r\e[K" if $shown;
