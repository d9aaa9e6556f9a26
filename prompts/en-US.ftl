# What the line says in English. One sentence a line; a blank line ends a piece (relay goes on with 1).
# .again: the second time.  .nudge: relay silence.  .relay: the words in relay pace.

## Greeting and menus

welcome =
    Massachusetts Health Connector payment line.

# In every language one after the other; the greeting before it is in the first.
language-option =
    For English, press 1.
    For more time or relay, press 7.
    .again = For English, press 1.
    .relay = For English, press 1.
    .nudge = Still here.

# Key 7 leads from one to the next.  .again: at a gate, where 7 changes nothing, and where more would bring one.
pace-unhurried =
    You have more time now.
    If an operator types for you, press 7 again.

pace-relay =
    Relay pace.
    Usual speed: press 7.
    .again = Relay pace.

pace-voice =
    This is the usual speed.
    For more time, press 7.

main-menu =
    To pay or hear what you owe, press 1.
    For other help, press 2.
    For someone else's bill, press 3.
    For a person, press 0.
    .again =
        To pay or hear what you owe, press 1.
        For other ways to pay, or other help, press 2.
        To pay for someone else, press 3.
    .again-relay =
        To pay, press 1.
        For help, press 2.
        Someone else's bill: press 3.
    .relay =
        To pay, press 1.
        For help, press 2.
        Someone else's bill: press 3.
        Person: press 0.
    .nudge =
        Still here.
        Main menu.

finish-menu =
    You can hang up now.
    To hear what you owe or to pay, press 1.
    For payments made, or to cancel one, press 2.
    For other help, press 8.
    To hear this again, press 9.
    .again =
        You can hang up now.
        What you owe: press 1.
        Payments made: press 2.
        Help: press 8.
    .relay =
        You can hang up now.
        Balance: press 1.
        Payments: press 2.
        Help: press 8.
        To hear this again, press 9.
    .nudge =
        Still here.
        You can hang up now.

goodbye =
    Thank you for calling.
    Goodbye.

## Verification

verify-member-id =
    Enter your 12 digit member I D.
    Or enter your 9 digit billing account number, then press pound.
    Both are on your bill.
    .again =
        Enter your 12 digit member I D.
        No bill at hand?
        Enter the 10 digit phone number on your account, then press pound.
    .again-relay = Enter your member I D or phone number.
    .relay =
        Enter your 12 digit member I D.
        Or your billing account number, then the pound key.
    .nudge =
        Still here.
        Member I D.

verify-ssn =
    Enter only the last four digits of your Social Security number.
    If you have none, press pound.
    .again =
        Enter only the last four digits of your Social Security number.
        If you have none, press pound.
    .again-relay =
        Last four of your Social Security number.
        None: press pound.
    .relay =
        Enter the last four digits of your Social Security number.
        If none, press pound.
    .nudge =
        Still here.
        Last four.

verify-birth =
    Enter your date of birth in eight digits: month, day, and year.
    .again =
        Enter your date of birth in eight digits: month, day, and year.
        For January 2, 1965, enter 0 1 0 2 1 9 6 5.
    .again-relay = Enter your date of birth in eight digits: month, day, year.
    .relay = Enter your date of birth in eight digits: month, day, year.
    .nudge =
        Still here.
        Date of birth.

verify-no-ssn =
    That is fine.
    We will ask two other things.

verify-bill-account =
    Enter the 9 digit billing account number from your bill.
    It begins with 7.
    .again =
        Enter your 9 digit billing account number.
        It is at the top left of your bill and begins with 7.
    .again-relay = Enter your 9 digit billing account number.
    .relay =
        Enter your 9 digit billing account number.
        It begins with 7.
    .nudge =
        Still here.
        Billing account number.

verify-zip = Enter the 5 digit ZIP code where we mail your bill.
    .again = Enter the 5 digit ZIP code of your mailing address.
    .nudge =
        Still here.
        ZIP code.

# Of nine digits the first four were taken, and the rest came too early.
verify-whole-ssn =
    That may be a whole Social Security number.
    We need only the last four digits.
    .relay = We need only the last four digits.

# It is the same whatever was wrong, and so names what a number of two members needs.
verify-rejected =
    Those numbers do not match.
    Please use the numbers of the member on the bill.
    If two members share a phone number, enter the member I D.
    .relay =
        No match.
        Use the billed member's numbers.
        Shared phone: use I D.

verify-exhausted =
    We could not find a match.
    After many tries, this line rests until tomorrow.

## What was paid in the last 24 hours

recent-payment =
    We have a payment made in the last 24 hours.
    It is { $recent_amount } for your { $recent_plan ->
        [dental] dental
       *[health] health
    } bill.
    It was made at { $recent_at }.
    Its confirmation number is { $recent_confirmation }.
    .relay =
        We have a payment made in the last 24 hours.

        It is { $recent_amount } for your { $recent_plan ->
            [dental] dental
           *[health] health
        } bill.

        Its confirmation number is { $recent_confirmation }.

recent-payments-more =
    There are more payments.
    A person can tell you about them.

## A payment that is held

waiting-payment =
    Your payment of { $waiting_amount }, made on { $waiting_date }, is on hold.
    It is for your { $waiting_plan ->
        [dental] dental
       *[health] health
    } bill.
    Nothing has been taken from your bank account for it yet.
    Please do not pay it again now.
    Its confirmation number is { $waiting_confirmation }.
    To ask about it, call { $support_phone }.
    People answer { $support_hours }.
    .relay =
        Your payment of { $waiting_amount } is on hold.
        You made it on { $waiting_date }.

        It is for your { $waiting_plan ->
            [dental] dental
           *[health] health
        } bill.
        Nothing has been taken for it yet.

        Please do not pay it again now.

        Its confirmation number is { $waiting_confirmation }.

        To ask about it, call { $support_phone }.

        People answer { $support_hours }.

## A payment that came back

# The reasons say no more than the bank did; a death or a frozen account is never told by a machine.
returned-payment =
    { $returned_reason ->
        [for_you] A payment of { $returned_amount }, made for you on { $returned_date }, came back.
       *[other] Your payment of { $returned_amount }, made on { $returned_date }, came back from your bank.
    }
    It was for your { $returned_plan ->
        [dental] dental
       *[health] health
    } bill.
    { $returned_reason ->
        [insufficient_funds] There was not enough money in the account.
        [account_closed] The bank says that the account is closed.
        [no_such_account] The bank could not find that account.
        [account_not_usable] The bank does not allow payments from that account.
        [not_authorized] The bank says that the payment was not authorized.
        [stopped] The payment was stopped at the bank.
        [for_you] It does not count as paid.
       *[other] The bank could not process it.
    }
    You owe it again.
    .relay =
        { $returned_reason ->
            [for_you] A payment of { $returned_amount } for you came back.
           *[other] Your payment of { $returned_amount } came back.
        }
        { $returned_reason ->
            [for_you] It was made on { $returned_date }.
           *[other] You made it on { $returned_date }.
        }

        It was for your { $returned_plan ->
            [dental] dental
           *[health] health
        } bill.
        { $returned_reason ->
            [insufficient_funds] There was not enough money in the account.
            [account_closed] The bank says that the account is closed.
            [no_such_account] The bank could not find that account.
            [account_not_usable] The bank does not allow payments from it.
            [not_authorized] The bank says that it was not authorized.
            [stopped] The payment was stopped at the bank.
            [for_you] It does not count as paid.
           *[other] The bank could not process it.
        }
        You owe it again.

returned-payment-call-us =
    We need to speak with you about a payment.
    Please call { $support_phone }.
    We answer { $support_hours }.
    .relay =
        We need to speak with you about a payment.

        Please call { $support_phone }.

        We answer { $support_hours }.

## Payments made

payment-made =
    Your { $made_plan ->
        [dental] dental
       *[health] health
    } payment of { $made_amount }, made on { $made_date }, { $made_stands ->
        [on_hold] is on hold.
        [at_bank] is at your bank.
        [went_through] went through.
        [given_back] went through, and money goes back to you.
        [came_back] came back from your bank.
        [cancelled] was canceled.
       *[planned] is set up.
    }
    { $made_stands ->
        [planned] The money leaves your account on or after { $made_debit_date }.
        [at_bank] The money leaves your account on or after { $made_debit_date }.
        [went_through] Your bank paid it on { $made_debit_date }.
        [given_back] It goes to the same bank account.
        [came_back] It does not count as paid.
       *[other] Nothing was taken from your bank account for it.
    }
    Its confirmation number is { $made_number }.
    .relay =
        Your { $made_plan ->
            [dental] dental
           *[health] health
        } payment: { $made_amount }.
        You made it on { $made_date }.

        { $made_stands ->
            [on_hold] It is on hold.
            [at_bank] It is at your bank.
            [went_through] It went through.
            [given_back] It went through, and money goes back to you.
            [came_back] It came back from your bank.
            [cancelled] It was canceled.
           *[planned] It is set up.
        }
        { $made_stands ->
            [planned] The money leaves on or after { $made_debit_date }.
            [at_bank] The money leaves on or after { $made_debit_date }.
            [went_through] Your bank paid it on { $made_debit_date }.
            [given_back] It goes to the same bank account.
            [came_back] It does not count as paid.
           *[other] Nothing was taken for it.
        }

        Its confirmation number is { $made_number }.

payment-made-for-you =
    On { $made_date } a payment of { $made_amount } was made for you.
    It was for your { $made_plan ->
        [dental] dental
       *[health] health
    } bill.
    { $made_stands ->
        [went_through] It went through.
        [given_back] It went through, and was given back.
        [came_back] It came back, and does not count as paid.
        [cancelled] It was canceled.
       *[other] It is on its way.
    }
    .relay =
        A payment of { $made_amount } was made for you.
        The day was { $made_date }.

        It was for your { $made_plan ->
            [dental] dental
           *[health] health
        } bill.
        { $made_stands ->
            [went_through] It went through.
            [given_back] It went through, and was given back.
            [came_back] It came back, and does not count as paid.
            [cancelled] It was canceled.
           *[other] It is on its way.
        }

payment-made-why =
    { $made_reason ->
        [insufficient_funds] There was not enough money in the account.
        [account_closed] The bank says that the account is closed.
        [no_such_account] The bank could not find that account.
        [account_not_usable] The bank does not allow payments from that account.
        [not_authorized] The bank says that the payment was not authorized.
        [stopped] The payment was stopped at the bank.
       *[other] The bank could not process it.
    }

payments-made-menu =
    For an older payment, press 1.
    To go back, press 2.
    .again =
        For an older payment, press 1.
        To go back, press 2.
    .nudge =
        Still here.
        An older payment, or back.

payments-made-menu-cancel =
    For an older payment, press 1.
    To cancel this one, press 2.
    To go back, press 3.
    .again =
        For an older payment, press 1.
        To cancel this one, press 2.
        To go back, press 3.
    .relay =
        Older payment: press 1.
        To cancel this one, press 2.
        To go back, press 3.
    .nudge =
        Still here.
        Older, cancel, or back.

payments-made-none =
    We have no payment by phone in the last year.
    Other payments are not in this list.

payments-made-no-more = There is no older payment by phone in the last year.

payment-cancel-ask =
    To cancel your payment of { $made_amount }, press 1.
    To keep it, press 2.
    .again =
        To cancel this payment, press 1.
        To keep it, press 2.
    .relay =
        To cancel this payment, press 1.
        To keep it, press 2.
    .nudge =
        Still here.
        Cancel or keep it.

payment-cancelled =
    Your payment of { $made_amount } is canceled.
    We will not take the money.
    We will send you a notice of this.
    .relay =
        Your payment of { $made_amount } is canceled.
        We will not take the money.

        We will send you a notice of this.

payment-cancel-too-late =
    It is too late for us to cancel this payment.
    It has gone to your bank.
    You can ask your bank to stop it.
    .relay =
        It is too late for us to cancel this payment.
        It has gone to your bank.

        You can ask your bank to stop it.

payment-kept =
    Your payment is not canceled.
    It goes on as planned.

## Balance

balance-as-of =
    That is as of { $as_of }.
    Checks in the mail may not show yet.
    .relay =
        Amounts are as of { $as_of }.
        Checks in the mail may not show yet.

balance-nothing = We have no bill for you at this time.

payments-off =
    You cannot pay by phone right now.
    You can pay online or by mail.

balance-paid =
    Your { $plan ->
        [dental] dental
       *[health] health
    } bill is paid.
    You owe nothing on it now.

# What is left of it is covered by a payment on hold.
balance-waiting =
    There is nothing more to pay now on your { $plan ->
        [dental] dental
       *[health] health
    } bill.

# Taken off what is owed, and not yet paid by the bank.
balance-on-its-way =
    A payment is on its way.
    If it goes through, you owe nothing on your { $plan ->
        [dental] dental
       *[health] health
    } bill.

balance-current =
    You owe { $total } on your { $plan ->
        [dental] dental
       *[health] health
    } bill.
    It is due { $due_when ->
        [today] today, { $due_date }
       *[later] { $due_date }
    }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Health
        }: you owe { $total }.
        It is due { $due_when ->
        [today] today, { $due_date }
       *[later] { $due_date }
    }.

balance-past-due =
    { $past_due } is past due on your { $plan ->
        [dental] dental
       *[health] health
    } bill.
    It was due { $past_due_date }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Health
        }: { $past_due } is past due.
        It was due { $past_due_date }.

balance-past-due-and-current =
    You owe { $total } in all on your { $plan ->
        [dental] dental
       *[health] health
    } bill.
    { $past_due } of it is past due.
    { $current } of it is due { $due_when ->
        [today] today, { $due_date }
       *[later] { $due_date }
    }.
    .relay =
        { $plan ->
            [dental] Dental
           *[health] Health
        }: you owe { $total } in all.

        { $past_due } is past due.

        { $current } is due { $due_when ->
            [today] today, { $due_date }
           *[later] { $due_date }
        }.

coverage =
    { $coverage ->
        [keep] Pay { $keep_cents } by { $keep_by }, or your plan ends as of { $plan_ends }.
        [keep_longer] Pay { $keep_cents } by { $keep_by }; if you still owe after { $keep_last }, your plan ends as of { $plan_ends }.
        [reinstate] Your plan has ended: to get it back, pay { $reinstate_cents } by { $reinstate_by }.
        [ended] Your plan may have ended: to ask what you can do, press 0.
        [first] This is your first payment: paid now, your plan can start { $plan_starts }.
        [counts_today] A payment that you make now counts as paid today.
       *[late_today] A payment that you make now reaches us after today, late.
    }
    .relay =
        { $coverage ->
            [keep] Pay { $keep_cents } by { $keep_by }.
            [keep_longer] Pay { $keep_cents } by { $keep_by }.
            [reinstate] To get your plan back, pay { $reinstate_cents }.
            [ended] Your plan may have ended.
            [first] This is your first payment.
            [counts_today] A payment that you make now counts as paid today.
           *[late_today] A payment that you make now reaches us after today.
        }

        { $coverage ->
            [keep] If not, your plan ends as of { $plan_ends }.
            [keep_longer]
                The last day is { $keep_last }.
                If not, your plan ends as of { $plan_ends }.
            [reinstate] Pay by { $reinstate_by }.
            [ended] To ask what you can do, press 0.
            [first] Paid now, your plan can start { $plan_starts }.
            [counts_today] That is in time.
           *[late_today] That is late.
        }

balance-changed =
    You owe nothing on your { $plan ->
        [dental] dental
       *[health] health
    } bill now.

dropped-call =
    Your last call ended before your { $plan ->
        [dental] dental
       *[health] health
    } payment of { $amount } was made.
    .relay =
        Your last call ended before your { $plan ->
            [dental] dental
           *[health] health
        } payment was made.
        It was { $amount }.

dropped-call-menu =
    To go on with it, press 1.
    To hear what you owe, press 2.
    .again =
        To go on with your payment, press 1.
        To hear what you owe, press 2.
    .nudge =
        Still here.
        Go on, or hear what you owe.

bills-both =
    To pay both bills, press 1.
    For the health bill only, press 2.
    For the dental bill only, press 3.
    For payments made, or to cancel one, press 4.
    If you cannot pay, or for other help, press 8.
    .again =
        Both bills: press 1.
        Health: press 2.
        Dental: press 3.
        Payments made: press 4.
        Help: press 8.
    .relay =
        Both bills: press 1.
        Health: press 2.
        Dental: press 3.
        Payments made: press 4.
        Help: press 8.
    .nudge =
        Still here.
        Which bill?

bills-other =
    Now your { $plan ->
        [dental] dental
       *[health] health
    } bill.
    To go on, press 1.
    If you do not want to pay it now, press 2.
    .again =
        To go on to your { $plan ->
            [dental] dental
           *[health] health
        } bill, press 1.
        Not now: press 2.
    .relay =
        Now your { $plan ->
            [dental] dental
           *[health] health
        } bill.
        To go on, press 1.
        Not now: press 2.
    .nudge =
        Still here.
        Go on, or not now.

## Amount

amount-one =
    To pay it all, press 1.
    Another amount: press 2.
    Back: press 3.
    To pay on a later day, press 4.
    For payments made, or to cancel one, press 5.
    If you cannot pay, or for other help, press 8.
    .again =
        Pay all: press 1.
        Other amount: press 2.
        Back: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .again-relay =
        All: press 1.
        Other: press 2.
        Back: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .relay =
        Pay all: press 1.
        Other amount: press 2.
        Back: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .nudge =
        Still here.
        Amount to pay.

amount-two =
    To pay it all, press 1.
    To pay only the { $past_due } that is past due, press 2.
    Another amount: press 3.
    To pay on a later day, press 4.
    For payments made, or to cancel one, press 5.
    If you cannot pay, or for other help, press 8.
    .again =
        Pay all: press 1.
        Past due: press 2.
        Another: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .again-relay =
        All: press 1.
        Overdue: press 2.
        Another: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .relay =
        Pay all: press 1.
        Past due: press 2.
        Another: press 3.
        Later: press 4.
        Payments: press 5.
        Help: press 8.
    .nudge =
        Still here.
        Amount to pay.

amount-first-why =
    Coverage can start only when the first bill is paid in full.
    So the amount to pay is { $total }.
    .relay =
        Coverage starts only when the first bill is paid in full.
        So the amount is { $total }.

amount-first =
    To pay { $total } in full, press 1.
    Back: press 2.
    To pay on a later day, press 3.
    For payments made, or to cancel one, press 4.
    If you cannot pay, or for other help, press 8.
    .again =
        To pay in full, press 1.
        Back: press 2.
        Later day: press 3.
        Payments made: press 4.
        Help: press 8.
    .again-relay =
        In full: press 1.
        Back: press 2.
        Later day: press 3.
        Payments made: press 4.
        Help: press 8.
    .relay =
        To pay in full, press 1.
        Back: press 2.
        Later day: press 3.
        Payments made: press 4.
        Help: press 8.
    .nudge =
        Still here.
        Amount to pay.

amount-other =
    Enter the amount in dollars and cents, then press pound.
    For 40 dollars and 50 cents, enter 4 0 5 0, then pound.
    .again =
        Enter the amount with its cents and no point, then pound.
        For 40 dollars and 50 cents, enter 4 0 5 0.
    .again-relay = Enter dollars and cents, then the pound key.
    .relay =
        Enter dollars and cents, then the pound key.
        40 dollars and 50 cents is 4 0 5 0.
    .nudge =
        Still here.
        Amount.

amount-above-balance =
    You entered { $keyed_amount }.
    That is more than the { $total } you owe on this bill.
    .relay = That is more than you owe on this bill.

amount-below-minimum =
    You entered { $keyed_amount }.
    The smallest payment is 1 dollar.
    You can pay less only if that pays the whole bill.
    .relay = The least is 1 dollar, or the whole bill.

amount-exhausted = That amount cannot be paid here.

amount-read-back =
    You entered { $amount }.
    If that is right, press 1.
    Other amount: press 2.
    Back: press 3.
    To pay on a later day, press 4.
    .again =
        If { $amount } is right, press 1.
        Other amount: press 2.
        Back: press 3.
        Later day: press 4.
    .again-relay =
        { $amount }.
        Right: press 1.
        Other: press 2.
        Back: press 3.
        Later day: press 4.
    .relay =
        { $amount }.
        If right, press 1.
        Other amount: press 2.
        Back: press 3.
        Later day: press 4.
    .nudge =
        Still here.
        Is the amount right?

amount-same-today =
    You already paid this amount on your { $plan ->
        [dental] dental
       *[health] health
    } bill today.
    To pay it a second time, press 1.
    To go back, press 2.
    .again =
        To pay the same amount again, press 1.
        To go back, press 2.
    .again-relay =
        To pay it again, press 1.
        To go back, press 2.
    .relay =
        You paid this amount on your { $plan ->
            [dental] dental
           *[health] health
        } bill today.
        To pay again, press 1.
        To go back, press 2.
    .nudge =
        Still here.
        Pay again or go back.

payments-limit =
    You have reached today's number of payments by phone.
    This payment was not made.
    For a person, press 0.

## The day

day-ask =
    On what day should we take the money?
    Enter two digits for the month and two for the day.
    For January 5, enter 0 1 0 5.
    .again =
        Enter two digits for the month and two for the day.
        For January 5, enter 0 1 0 5.
    .again-relay = Enter the day in four digits: month, then day.
    .relay =
        Enter the day in four digits: month, then day.
        For January 5, enter 0 1 0 5.
    .nudge =
        Still here.
        A day, in four digits.

day-moved =
    { $moved_why ->
        [closed] Banks are closed on that day.
       *[too_soon] That is too soon for us.
    }

day-late =
    That is after your due date, { $pay_by }.
    Your payment would be late.
    .relay =
        That is after { $pay_by }, your due date.

        Your payment would be late.

day-range =
    We can take it from { $first_day } to { $last_day }.
    After that your coverage would have ended.
    .relay =
        We can take it from { $first_day }.

        The last day is { $last_day }.

        After that your coverage would have ended.

day-range-menu =
    For another day, press 1.
    To go back, press 2.
    .again =
        For another day, press 1.
        To go back, press 2.
    .nudge =
        Still here.
        Another day, or back.

day-none = It is too late to choose a day for this bill.

day-read-back =
    We will take the money on { $pay_day }.
    If that is right, press 1.
    For another day, press 2.
    .again =
        If { $pay_day } is right, press 1.
        For another day, press 2.
    .relay =
        We will take it on { $pay_day }.
        If right, press 1.
        For another day, press 2.
    .nudge =
        Still here.
        Is the day right?

## Bank

bank-reuse =
    To use your { $account_type ->
        [savings] savings
       *[checking] checking
    } account ending in { $account_last4 } again, press 1.
    To enter another account, press 2.
    .again =
        To use the same account, press 1.
        To enter another account, press 2.
    .relay =
        For the same account, press 1.
        For another account, press 2.
    .nudge =
        Still here.
        Same account.

bank-ready =
    You need your bank's routing number and your account number.
    When you have them: for a checking account, press 1.
    For savings, press 2.
    To hear where they are on a check, press 3.
    Take your time.
    .again =
        When you have the numbers: for a checking account, press 1.
        For savings, press 2.
        To hear where they are on a check, press 3.
    .again-relay =
        Have both numbers?
        Checking: press 1.
        Savings: press 2.
        To find them: press 3.
    .relay =
        You need your bank's routing and account numbers.
        Checking: press 1.
        Savings: press 2.
        To find them: press 3.
    .nudge =
        Still here.
        Checking or savings.

bank-find =
    On a check they are at the bottom.
    The routing number has 9 digits and is usually on the left.
    The account number is usually next to it.
    The check number is not part of it.
    Your bank can also tell you both numbers.
    .relay =
        On a check they are at the bottom.
        Routing number: 9 digits, usually on the left.

        The account number is usually next to it.
        The check number is not part of it.

        Your bank can also tell you both numbers.

bank-routing-ask = Enter the 9 digit routing number.
    .again =
        Enter the 9 digit routing number.
        On a check it is usually at the bottom left.
    .again-relay = Enter the 9 digit routing number.
    .nudge =
        Still here.
        Routing number.

bank-routing-read-back-named =
    { $bank_name }.
    Routing number { $routing_number }.
    If that is right, press 1.
    To enter it again, press 2.
    .again =
        If the bank and its number are right, press 1.
        To enter it again, press 2.
    .relay =
        { $bank_name }.
        { $routing_number }.
        If right, press 1.
        To enter it again, press 2.
    .nudge =
        Still here.
        Is that the right bank?

bank-routing-unknown = We know no bank with that routing number.

bank-routing-read-back =
    Routing number { $routing_number }.
    If that is right, press 1.
    To enter it again, press 2.
    .again =
        If the routing number is right, press 1.
        To enter it again, press 2.
    .relay =
        Routing number: { $routing_number }.
        If right, press 1.
        To enter it again, press 2.
    .nudge =
        Still here.
        Is the routing number right?

bank-account-ask = Enter the account number, then press pound.
    .again =
        Enter the account number with every zero in it, then press pound.
        It has 4 to 17 digits.
    .again-relay = Enter the account number, then pound.
    .relay = Enter the account number, then the pound key.
    .nudge =
        Still here.
        Account number.

bank-account-again = Enter the account number once more, then press pound.
    .again = Enter the same account number once more, then press pound.
    .again-relay = Account number once more, then pound.
    .relay = Enter the account number once more, then the pound key.
    .nudge =
        Still here.
        Account number again.

bank-account-different =
    The two account numbers were not the same.
    Let us try again.

bank-account-blocked =
    We cannot take a payment from that account.
    Please use another account.

bank-account-exhausted = We could not use those bank numbers.

## Authorization

authorization-terms =
    Please listen to the end.
    Today is { $today }.
    You are the member whose I D ends in { $member_last4 }.
    You authorize the Massachusetts Health Connector to make one electronic debit from your bank.
    It is { $amount }, one time only.
    It comes from your { $account_type ->
        [savings] savings
       *[checking] checking
    } account ending in { $account_last4 }.
    This is your own personal bank account.
    The debit is made on or after { $debit_date }.
    It pays your { $plan ->
        [dental] dental
       *[health] health
    } premium.
    To cancel or ask, call { $support_phone }, before { $cutoff }.
    People answer { $support_hours }.
    We will send these terms by { $channel ->
        [sms] text message
        [email] e-mail
       *[letter] mail
    }.
    We keep your spoken answer in writing.
    We do not record this call.
    .relay =
        This authorizes an electronic payment from your bank.
        Today is { $today }.

        You are the member whose I D ends in { $member_last4 }.

        You authorize the Massachusetts Health Connector to make one electronic debit.

        The debit is { $amount }.

        It is from your { $account_type ->
            [savings] savings
           *[checking] checking
        } account ending in { $account_last4 }.
        This is your own personal bank account.

        The debit is made on or after { $debit_date }.

        It pays your { $plan ->
            [dental] dental
           *[health] health
        } premium, one time only.

        To cancel or ask about it, call { $support_phone }.

        People answer { $support_hours }.

        Call before { $cutoff }.

        We will send these terms by { $channel ->
            [sms] text message
            [email] e-mail
           *[letter] mail
        }.

        We keep your spoken answer in writing.
        We do not record this call.

gate-authorization =
    Your operator may voice your answer.
    Press 1 when you are ready to answer.
    .again = Press 1 when you are ready to answer.
    .nudge =
        Still here.
        When ready, press 1.

authorization-ask =
    Do you authorize this payment?
    Say yes or no.
    .again =
        Do you authorize this payment?
        Please say only yes or no.
    .again-relay =
        Say: I authorize.
        Or say: no.
    .relay =
        Say: I authorize.
        Or say: no.
        Your operator may voice it.
    .nudge =
        Still here.
        Say: I authorize.
        Or: no.

authorization-ask-either =
    Do you authorize this payment?
    Say yes or no.
    If you cannot speak, press 1.
    .again =
        Do you authorize this payment?
        Please say only yes or no.
        If you cannot speak, press 1.
    .again-relay =
        Say: I authorize.
        Or say: no.
        If you cannot speak, press 1.
    .relay =
        Say: I authorize.
        Or say: no.
        If you cannot speak, press 1.
    .nudge =
        Still here.
        Say: I authorize.
        Or: no.

authorization-code-instead =
    You can use the code on your bill instead.
    We keep a record of the code you enter.

authorization-unclear =
    We could not tell if you said yes.
    So this payment was not made.

authorization-terms-code =
    Please listen to the end.
    Today is { $today }.
    You are the member whose I D ends in { $member_last4 }.
    You authorize the Massachusetts Health Connector to make one electronic debit from your bank.
    It is { $amount }, one time only.
    It comes from your { $account_type ->
        [savings] savings
       *[checking] checking
    } account ending in { $account_last4 }.
    This is your own personal bank account.
    The debit is made on or after { $debit_date }.
    It pays your { $plan ->
        [dental] dental
       *[health] health
    } premium.
    To cancel or ask, call { $support_phone }, before { $cutoff }.
    People answer { $support_hours }.
    We will send these terms by { $channel ->
        [sms] text message
        [email] e-mail
       *[letter] mail
    }.
    We keep a record of the code you enter.
    We do not record this call.
    .relay =
        This authorizes an electronic payment from your bank.
        Today is { $today }.

        You are the member whose I D ends in { $member_last4 }.

        You authorize the Massachusetts Health Connector to make one electronic debit.

        The debit is { $amount }.

        It is from your { $account_type ->
            [savings] savings
           *[checking] checking
        } account ending in { $account_last4 }.
        This is your own personal bank account.

        The debit is made on or after { $debit_date }.

        It pays your { $plan ->
            [dental] dental
           *[health] health
        } premium, one time only.

        To cancel or ask about it, call { $support_phone }.

        People answer { $support_hours }.

        Call before { $cutoff }.

        We will send these terms by { $channel ->
            [sms] text message
            [email] e-mail
           *[letter] mail
        }.

        We keep a record of the code you enter.
        We do not record this call.

authorization-code-ask =
    The same terms and an authorization code are printed on your bill.
    To authorize this payment, enter that code, then press pound.
    If you do not authorize it, hang up, and this payment is not made.
    .again = To authorize this payment, enter the code from your bill, then press pound.
    .again-relay = To authorize, enter the code from your bill, then pound.
    .relay =
        To authorize, enter the code on your bill, then pound.
        If you do not authorize, hang up.
    .nudge =
        Still here.
        Code from your bill.

authorization-wrong-code = That is not the code on this bill.

authorization-code-exhausted = That was not the code on this bill.

authorization-declined =
    This payment was not made.
    If the account is not your own, press 0.

authorization-not-own =
    We can only debit your own personal bank account here.
    This payment was not made.

authorization-changed =
    What you owe on your { $plan ->
        [dental] dental
       *[health] health
    } bill changed while we spoke.
    This payment was not made.
    .relay =
        What you owe on your { $plan ->
            [dental] dental
           *[health] health
        } bill just changed.
        This payment was not made.

confirmation =
    Your payment is accepted.
    Please get a pen.
    Your confirmation number is { $confirmation_number }.
    Once more: { $confirmation_number }.
    The money leaves your account on or after { $effective_date }.
    That can take one to two business days.
    .relay =
        Your payment is accepted.

        Your confirmation number is { $confirmation_number }.

        The money leaves your account on or after { $effective_date }.
        That can take one to two business days.

        Once more: { $confirmation_number }.

receipt-texted = Your text message with the terms is on its way.

confirmation-in-time = This payment counts as paid by { $pay_by }.

confirmation-late =
    It will arrive after { $pay_by }, the due date.
    To ask what that means, call { $support_phone }.

confirmation-first =
    In about five business days, your plan can see your enrollment.
    Then we mail you a welcome letter.
    Your plan mails your I D card in about two weeks.
    .relay =
        In about five business days, your plan can see your enrollment.

        Then we mail you a welcome letter.

        Your plan mails your I D card in about two weeks.

declined-menu =
    To hear what you owe or to pay, press 1.
    To finish this call, press 2.
    To pay on a later day, press 3.
    .again =
        To hear what you owe, press 1.
        To finish this call, press 2.
        Later day: press 3.
    .relay =
        To hear what you owe, press 1.
        To finish this call, press 2.
        Later day: press 3.
    .nudge =
        Still here.
        Go on or finish.

## Other help

help-menu =
    If you cannot pay, press 1.
    For other ways to pay, and our addresses, press 2.
    For AutoPay, press 3.
    For our hours, a business bill, or our website, press 4.
    To go back, press 5.
    .again =
        If you cannot pay, press 1.
        For other ways to pay, press 2.
        For AutoPay, press 3.
        For our hours, or a business, press 4.
        To go back, press 5.
    .again-relay =
        Cannot pay: press 1.
        Other ways: press 2.
        AutoPay: press 3.
        Hours, business: press 4.
        Back: press 5.
    .relay =
        Cannot pay: press 1.
        Other ways: press 2.
        AutoPay: press 3.
        Hours, business: press 4.
        Back: press 5.
    .nudge =
        Still here.
        What you need.

## Paying for somebody else

guest-not-able =
    You cannot pay for someone else on this line today.
    For a person, press 0.

guest-menu =
    To pay someone else's bill, press 1.
    Have the bill with you.
    To cancel a payment you made for someone, press 2.
    To go back, press 3.
    .again =
        To pay someone else's bill, press 1.
        To cancel such a payment, press 2.
        To go back, press 3.
    .again-relay =
        To pay someone's bill, press 1.
        To cancel such a payment, press 2.
        Back: press 3.
    .relay =
        To pay someone's bill, press 1.
        To cancel such a payment, press 2.
        Back: press 3.
    .nudge =
        Still here.
        Pay or cancel.

guest-member =
    Enter the member's 12 digit member I D.
    Or enter the 10 digit phone number on the account, then press pound.
    .again =
        Enter the member's 12 digit member I D.
        It is on the bill.
        Or enter the phone number on the account, then press pound.
    .again-relay = Enter the member I D, or phone number.
    .relay =
        Enter the member's 12 digit member I D.
        Or the phone number on the account, then pound.
    .nudge =
        Still here.
        Member I D.

guest-birth =
    Enter the member's date of birth in eight digits: month, day, and year.
    .again =
        Enter the member's date of birth in eight digits.
        For January 2, 1965, enter 0 1 0 2 1 9 6 5.
    .again-relay = Enter the member's date of birth in eight digits.
    .relay = Enter the member's date of birth: month, day, year in eight digits.
    .nudge =
        Still here.
        Date of birth.

guest-zip = Enter the 5 digit ZIP code of the address on the bill.
    .again = Enter the 5 digit ZIP code from the member's bill.
    .nudge =
        Still here.
        ZIP code.

guest-house =
    Enter the house number or P O box on the bill, then press pound.
    .again =
        Enter only the number of the house or the P O box, then pound.
        For number 7, enter 0 7.
    .again-relay = Enter the house or box number, then pound.
    .relay =
        Enter the house or P O box number, then pound.
    .nudge =
        Still here.
        House number.

guest-due =
    On the { $plan ->
        [dental] dental
       *[health] health
    } bill, { $total } is due.
    The due date is { $guest_due }.
    .relay =
        On the { $plan ->
            [dental] dental
           *[health] health
        } bill, { $total } is due.

        The due date is { $guest_due }.

guest-bill-menu =
    To pay it all, press 1.
    For another amount, press 2.
    Not this bill: press 3.
    .again =
        To pay { $total }, press 1.
        For another amount, press 2.
        Not this bill: press 3.
    .again-relay =
        To pay it all, press 1.
        Other amount: press 2.
        Not this bill: press 3.
    .relay =
        To pay it all, press 1.
        Other amount: press 2.
        Not this bill: press 3.
    .nudge =
        Still here.
        Pay this bill or not.

guest-bill-in-full =
    This bill is paid in full or not at all.
    To pay it, press 1.
    Not this bill: press 2.
    .again =
        To pay { $total }, press 1.
        Not this bill: press 2.
    .relay =
        This bill is paid in full or not at all.
        To pay it, press 1.
        Not this bill: press 2.
    .nudge =
        Still here.
        Pay this bill or not.

guest-above-balance =
    You entered { $keyed_amount }.
    That is more than the { $total } due on this bill.
    .relay = That is more than is due on this bill.

guest-read-back =
    You entered { $amount }.
    If that is right, press 1.
    Other amount: press 2.
    .again =
        If { $amount } is right, press 1.
        Other amount: press 2.
    .again-relay =
        { $amount }.
        If right, press 1.
        Other amount: press 2.
    .relay =
        { $amount }.
        If right, press 1.
        Other amount: press 2.
    .nudge =
        Still here.
        Is the amount right?

guest-name =
    The bank account must be your own.
    Say your first and last name, as your bank has it.
    .again = Please say only your first and last name.
    .relay =
        Say your first and last name, as your bank has it.
        Your operator may voice it.
    .nudge =
        Still here.
        Your name.

guest-name-heard =
    We heard this name.
    { $payer_name }.
    .relay =
        We heard this name.

        { $payer_name }.

guest-name-right =
    If that is right, press 1.
    To say it again, press 2.
    .again =
        If the name is right, press 1.
        To say it again, press 2.
    .nudge =
        Still here.
        Is the name right?

guest-name-exhausted = We could not get your name right.

guest-mobile =
    We send you the terms of this payment by text message.
    Enter your 10 digit cell phone number.
    .again = Enter the 10 digits of your cell phone number, area code first.
    .again-relay = Enter your 10 digit cell phone number.
    .relay =
        We send you the terms by text message.
        Enter your 10 digit cell phone number.
    .nudge =
        Still here.
        Cell phone number.

guest-mobile-again =
    Please enter the same cell phone number again.
    .again = Enter the 10 digits of your cell phone number again.
    .again-relay = Enter your cell phone number again.
    .nudge =
        Still here.
        Cell phone number.

guest-mobile-different =
    The two phone numbers were not the same.
    Let us try again.

guest-mobile-exhausted = We could not use that phone number.

guest-agree =
    Without the text message, no payment is made.
    To get it at that number, press 1.
    If you do not want it, press 2.
    .again =
        To get the text message at that number, press 1.
        If you do not want it, press 2.
    .relay =
        Without the text message, no payment is made.
        To get it, press 1.
        If not, press 2.
    .nudge =
        Still here.
        A text message or not.

guest-not-agreed =
    This payment was not made.
    You can also mail a check with the slip from the bill.

authorization-terms-guest =
    Please listen to the end.
    Today is { $today }.
    You say that this bank account is yours.
    You pay for the member whose I D ends in { $guest_last4 }.
    You authorize the Massachusetts Health Connector to make one electronic debit from your bank.
    It is { $amount }, one time only.
    It comes from your { $account_type ->
        [savings] savings
       *[checking] checking
    } account ending in { $account_last4 }.
    It is your own personal bank account.
    The debit is made on or after { $debit_date }.
    It pays the member's { $plan ->
        [dental] dental
       *[health] health
    } premium.
    To cancel or ask, call { $support_phone }, before { $cutoff }.
    People answer { $support_hours }.
    We will send these terms by text message.
    We keep your spoken answer in writing.
    We do not record this call.
    .relay =
        This authorizes an electronic payment from your bank.
        Today is { $today }.

        You say that this bank account is yours.

        You pay for the member whose I D ends in { $guest_last4 }.

        You authorize the Massachusetts Health Connector to make one electronic debit.

        The debit is { $amount }.

        It is from your { $account_type ->
            [savings] savings
           *[checking] checking
        } account ending in { $account_last4 }.
        It is your own personal bank account.

        The debit is made on or after { $debit_date }.

        It pays the member's { $plan ->
            [dental] dental
           *[health] health
        } premium, one time only.

        To cancel or ask about it, call { $support_phone }.

        People answer { $support_hours }.

        Call before { $cutoff }.

        We will send these terms by text message.

        We keep your spoken answer in writing.
        We do not record this call.

guest-changed =
    What is due on this bill changed while we spoke.
    This payment was not made.
    .relay =
        What is due on this bill just changed.
        This payment was not made.

guest-limit =
    This bill can take no more payments by phone today.
    This payment was not made.
    For a person, press 0.

guest-keep-number =
    Keep that number.
    With it and your cell phone number, you can cancel on this line.
    If we cannot text you in time, no payment is made.
    .relay =
        Keep that number.

        With it and your cell phone number, you can cancel here.

        If we cannot text you in time, no payment is made.

guest-no-more = There is nothing more to pay here.

guest-finish =
    You can hang up now.
    To finish, press 1.
    To hear this again, press 9.
    .again =
        You can hang up now.
        To finish, press 1.
    .nudge =
        Still here.
        You can hang up now.

guest-payment-number =
    Enter the 11 digit confirmation number of your payment.
    .again =
        Enter the 11 digit confirmation number.
        It is in the text message we sent you.
    .again-relay = Enter the 11 digit confirmation number.
    .nudge =
        Still here.
        Confirmation number.

guest-payment-mobile =
    Enter the 10 digit cell phone number that got our text message.
    .again = Enter your 10 digit cell phone number, area code first.
    .again-relay = Enter your 10 digit cell phone number.
    .nudge =
        Still here.
        Cell phone number.

guest-cancelled =
    Your payment is canceled.
    We will not take the money.
    We will send you a text message of this.
    .relay =
        Your payment is canceled.
        We will not take the money.

        We will send you a text message of this.

guest-not-cancelled =
    Those two numbers do not belong together.
    Nothing was canceled.

guest-cancel-exhausted =
    We could not find that payment.
    Nothing was canceled.

# No payment plan is promised: there is none.
hardship =
    If your income went down, your premium may go down too.
    In ConnectorCare, you can ask us to waive or lower your premium.
    A person can tell you what help you can get.
    You can also pay a part now.
    Your plan can still end if the rest is not paid in time.
    .relay =
        If your income went down, you may pay less.
        In ConnectorCare, you can ask for a premium waiver.

        A person can tell you what help you can get.

        You can also pay a part now.
        Your plan can still end if the rest is not paid.

hardship-menu =
    For a person, press 1.
    To have us call you back, press 2.
    To pay a part now, press 3.
    To go back, press 4.
    .again =
        For a person, press 1.
        To have us call you back, press 2.
        To pay a part now, press 3.
        To go back, press 4.
    .again-relay =
        For a person, press 1.
        Callback: press 2.
        Pay a part: press 3.
        Back: press 4.
    .relay =
        For a person, press 1.
        Callback: press 2.
        Pay a part: press 3.
        Back: press 4.
    .nudge =
        Still here.
        What you need.

autopay =
    AutoPay takes your premium from your bank account each month, so you need not call.
    You cannot set it up on this line.
    You can set it up online, at the web address on your bill.
    For a form on paper, ask a person: press 0.
    .relay =
        AutoPay takes your premium from your bank each month.

        You cannot set it up on this line.
        You can set it up online.

        For a form on paper, ask a person: press 0.

hours =
    This line takes payments day and night.
    People answer { $support_hours }, at { $support_phone }.
    With a TTY, dial 7 1 1.
    This line is for people and families.
    For a business bill, or help with our website, ask a person: press 0.
    .relay =
        This line takes payments day and night.

        People answer { $support_hours }.

        The number is { $support_phone }.

        This line is for people and families.

        For a business bill or our website, press 0.

ways-menu =
    To pay by mail or courier, press 1.
    To pay in person, press 2.
    To pay from your bank's website, or online, press 3.
    To hear your billing account number, press 4.
    To go back, press 5.
    .again =
        To pay by mail, press 1.
        To pay in person, press 2.
        To pay online, press 3.
        To hear your account number, press 4.
        To go back, press 5.
    .again-relay =
        By mail: press 1.
        In person: press 2.
        Online: press 3.
        Account number: press 4.
        Back: press 5.
    .relay =
        By mail: press 1.
        In person: press 2.
        Online: press 3.
        Account number: press 4.
        Back: press 5.
    .nudge =
        Still here.
        A way to pay.

ways-mail =
    Make your check or money order out to { $place_name }.
    Do not send cash.
    Write your 9 digit billing account number and your name on it.
    Put in the slip from your bill if you have it.
    Mail it to { $place_street }, { $place_city }.
    Allow 3 to 5 business days.
    .relay =
        Make your check or money order out to:
        { $place_name }.

        Write your name and billing account number on it.
        Do not send cash.

        Mail it to:
        { $place_street }.

        { $place_city }.
        Allow 3 to 5 business days.

ways-courier =
    To send it by courier, use another address: { $place_street }, { $place_city }.
    .relay =
        By courier, send it to:
        { $place_street }.

        { $place_city }.

ways-person =
    In person, bring a check or money order.
    We do not take cash or cards.
    No store can take your payment.
    .relay =
        In person, bring a check or money order.
        No cash and no cards.

        No store can take your payment.

ways-center =
    In { $place_name }, come to { $place_street }.
    .relay =
        { $place_name }:
        { $place_street }.

ways-centers-call =
    Before you go, ask when a center is open.
    Call { $support_phone }.
    .relay =
        Before you go, ask when a center is open.

        Call { $support_phone }.

ways-bank =
    In your bank's bill pay, add { $place_name }.
    Use your 9 digit billing account number.
    It is at the top left of your bill, and begins with 7.
    Pick a day 3 to 5 business days before your bill is due.
    Or pay online, at the web address on your bill.
    .relay =
        In your bank's bill pay, add:
        { $place_name }.

        Use your 9 digit billing account number.
        It begins with 7.

        Pick a day 3 to 5 business days before it is due.

        Or pay online, at the web address on your bill.

ways-call =
    To ask where and how to pay, call { $support_phone }.
    People answer { $support_hours }.
    .relay =
        To ask where and how to pay, call:
        { $support_phone }.

        People answer { $support_hours }.

account-number =
    Your { $account_plan ->
        [dental] dental
       *[health] health
    } billing account number is { $told_account }.
    Once more: { $told_account }.
    .relay =
        Your { $account_plan ->
            [dental] dental
           *[health] health
        } billing account number is { $told_account }.

        Once more: { $told_account }.

account-number-where = It is also at the top left of your bill.

account-number-later =
    Your billing account number is at the top left of your bill.
    It has 9 digits and begins with 7.
    To hear it here, first go to what you owe.
    .relay =
        Your billing account number is at the top left of your bill.

        It has 9 digits and begins with 7.

        To hear it, first go to what you owe.

## A person

person-connecting = Please wait while we connect you with a person.

person-busy =
    Nobody can answer right now.
    You can call { $support_phone }.
    People answer { $support_hours }.
    .relay =
        Nobody can answer right now.

        You can call { $support_phone }.

        People answer { $support_hours }.

person-closed =
    Nobody can answer right now.
    People answer { $support_hours }, at { $support_phone }.
    .relay =
        Nobody can answer right now.

        You can reach a person at { $support_phone }.

        People answer { $support_hours }.

# Said at a question that 0 was pressed at: in relay it is one piece with the question.
person-not-now =
    Nobody can answer right now.
    People answer { $support_hours }, at { $support_phone }.
    .relay = Nobody can answer now.

callback-again = To end here and have us call you back, press 0 again.
    .relay = Callback: press 0 again.

callback-offer =
    To have us call you back, press 1.
    To finish this call, press 2.
    .again =
        To have us call you back, press 1.
        To finish this call, press 2.
    .nudge =
        Still here.
        Callback, or finish.

callback-number =
    To be called at the number you are calling from, press 1.
    For another number, press 2.
    .again =
        To be called at this number, press 1.
        For another number, press 2.
    .relay =
        To use the number you call from, press 1.
        For another number, press 2.
    .nudge =
        Still here.
        Number to call.

callback-phone = Enter the 10 digit phone number.
    .again = Enter the 10 digits of the phone number, area code first.
    .again-relay = Enter the 10 digit phone number.
    .nudge =
        Still here.
        Phone number.

callback-part =
    For a call in the morning, press 1.
    In the afternoon, press 2.
    .again =
        For the morning, press 1.
        For the afternoon, press 2.
    .relay =
        For a morning call, press 1.
        For the afternoon, press 2.
    .nudge =
        Still here.
        Morning or afternoon.

callback-booked =
    We will call you on { $callback_date }, in the { $callback_part ->
        [afternoon] afternoon
       *[morning] morning
    }.
    We will not ask for your bank numbers.
    .relay =
        We will call you on { $callback_date }, in the { $callback_part ->
            [afternoon] afternoon
           *[morning] morning
        }.

        We will not ask for your bank numbers.

give-up =
    We are sorry.
    We could not go on.
    No payment was made in this call.

give-up-paid =
    We are sorry.
    We could not go on.
    What you paid in this call stands.

payment-stands = What you paid in this call stands.

time-up = This call has reached its limit.

## When something was keyed that cannot be used

noinput = We did not get an answer.
    .again =
        We did not get an answer.
        For more time, press 7.

entry-discarded = The star key clears what you entered.
    .relay = Cleared.

gate-go-on = Press 1 to go on.
    .nudge =
        Still here.
        Press 1 to go on.

nomatch-not-a-choice = That key is not one of the choices here.
    .relay = Wrong key.

nomatch-length = That is not the right number of digits.
    .relay = Not the right number of digits.

nomatch-member-id =
    A member I D has 12 digits.
    A billing account number has 9 and begins with 7.
    A phone number has 10.
    .relay =
        A member I D has 12 digits.
        A billing account has 9.

nomatch-own-account = A billing account number has 9 digits and begins with 7.

nomatch-without-pound =
    That may be only a part of your number.
    If it is all, enter it again and press pound.
    .relay = If that is your whole number, end it with pound.

nomatch-date = That is not a possible date of birth.

nomatch-day = There is no such day.

nomatch-amount = We could not read that as an amount.

nomatch-check-digit =
    Those 9 digits do not make a routing number.
    Please check each digit.

nomatch-prefix = Routing numbers do not begin with those digits.

nomatch-deposit-slip =
    That may be from a deposit slip.
    Please use a check, or ask your bank.
    .relay =
        That may be from a deposit slip.
        Use a check.

nomatch-billing-account = That is your billing account number, not your bank's routing number.

nomatch-account-length = An account number has 4 to 17 digits.

nomatch-card =
    That looks like a card.
    Cards are not accepted by phone.
    If it is your bank account, enter it again.
    .relay =
        That looks like a card.
        Cards are not accepted by phone.

nomatch-account-is-routing = That is the routing number, not the account number.

nomatch-account-is-billing-account = That is your billing account number, not a bank account.

nomatch-not-yes-or-no = We did not hear a clear answer.

nomatch-mixed-answer = We heard more than one answer.

nomatch-almost-yes =
    Did you say yes?
    Please say just: yes.

nomatch-key-pressed =
    Bank rules need your spoken answer, so a key is not enough.
    If you cannot speak, press 0.
    .relay =
        Bank rules need a spoken answer, not a key.
        For a person, press 0.

nomatch-name = We need your first and last name, spoken.

nomatch-house = The number of a house or box has 1 to 6 digits.

nomatch-phone = A phone number has 10 digits, and the area code comes first.

nomatch-code = The code has 4 to 12 digits.

## When something went wrong on our side

trouble-payment =
    We had a technical problem.
    Your payment of { $amount } was accepted.

    Its confirmation number is { $confirmation_number }.

    Once more: { $confirmation_number }.

trouble-no-payment =
    We are sorry, we had a technical problem.
    No payment was taken on this call.

trouble-unknown =
    We cannot tell yet if your payment went through.
    Please do not pay again now.

    Call back; once you verify, we will tell you.

trouble-not-now =
    We are sorry, we cannot take your call right now.
    Please call again in a few minutes.

    A person answers at { $support_phone }.
    The hours are { $support_hours }.

trouble-call-again =
    You can call this line again at any time.

    A person answers at { $support_phone }.
    The hours are { $support_hours }.

call-over = This call is over.

call-unknown = We cannot go on with this call.
