# What a member gets in writing after authorizing a payment: by text message, e-mail or letter. Written values
# (money, dates) come ready. The words heard on the phone are put in as they were spoken.

subject = Your payment authorization, confirmation number { $confirmation_number }
heading = You authorized a payment
organization = Massachusetts Health Connector
greeting = Dear { $receiver_name },

opening = This confirms your authorization of { $authorized_date }, given by telephone. You authorized the Massachusetts Health Connector to make one electronic debit (ACH) from your bank account. It is for one time only.

label-confirmation-number = Confirmation number
label-amount = Amount
label-pays = What it pays
label-account = Bank account
label-debit-date = Date of the debit
label-authorized-by = Authorized by
label-authorized-at = Authorized on

value-pays = { $plan ->
    [dental] your dental premium
   *[health] your health premium
}
value-account = { $account_type ->
    [savings] savings account ending in { $account_last4 }
   *[checking] checking account ending in { $account_last4 }
}
value-debit-date = { $debit_date } or after
value-authorized-by = { $receiver_name }, the member whose ID ends in { $member_last4 }

# Only where the dates are later than the caller heard, or an earlier notice said.
moved = The debit did not leave on the day you were told. The dates in this notice are the ones that hold now.
cancel = To cancel this payment, call { $support_phone } before { $cutoff_time } on { $cutoff_date }. Someone answers { $support_hours }.
questions = If something here is wrong, or you have a question, call the same number.
pending = Your payment is accepted, but it is not finished until your bank has paid it. If your bank sends it back, you still owe the amount.

heading-terms = What you heard
heading-answer = What you answered
answer-spoken = "{ $words_heard }"
answer-relay = "{ $words_heard }", through your relay operator
answer-bill-code = You keyed the authorization code that is printed on your bill.

page = Page { $page } of { $pages }
